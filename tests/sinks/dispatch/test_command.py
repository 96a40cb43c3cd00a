"""A program as a target: bounded, without a shell, ended with everything it started."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Target
from sinks.dispatch.targets import open_target
from sinks.dispatch.targets.entry import read, wrong
from sinks.dispatch.targets.systems.commanding import arguments
from tests.sinks.dispatch.entries import MESSAGE, RUN, trigger

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "KEPT": "yes", "OTHER": "no"}


def target(tmp_path: Path, *command: str, **more: object) -> Target:
    """A command that runs in a directory of its own."""
    return open_target({"kind": "command", "command": list(command), "directory": str(tmp_path), **more}, ENVIRONMENT)


async def ended(own: Target, external_id: str) -> Ended:
    """Ask until it has ended."""
    while isinstance(state := await own.follow(external_id), Running):  # noqa: ASYNC110 - as the dispatcher does
        await asyncio.sleep(0.01)
    assert isinstance(state, Ended)
    return state


def test_a_program_gets_the_trigger_as_arguments_and_by_its_standard_input(tmp_path: Path) -> None:
    """Each argument is one, whatever is in it; the environment holds what was named."""

    async def story() -> None:
        script = 'cat > in.json; printf "%s|" "$@" > args; printf "%s" "$KEPT$OTHER" > env'
        strange = trigger(model="a b; touch hacked $(touch hacked)")
        own = target(tmp_path, "sh", "-c", script, "sh", "--model=${model}", "${reason}", environment=["KEPT"])
        assert Started(RUN) == await own.start(strange)
        assert Ended(succeeded=True) == await ended(own, RUN)
        await own.close()

    asyncio.run(story())
    assert MESSAGE == json.loads((tmp_path / "in.json").read_text())
    assert "--model=a b; touch hacked $(touch hacked)|drift|" == (tmp_path / "args").read_text()
    assert "yes" == (tmp_path / "env").read_text()
    assert not (tmp_path / "hacked").exists()


def test_a_failure_says_its_code_and_the_end_of_what_was_said(tmp_path: Path) -> None:
    """However much that was."""

    async def story() -> None:
        own = target(tmp_path, "sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; echo; echo no data >&2; exit 3")
        await own.start(trigger())
        end = await ended(own, RUN)
        assert not end.succeeded
        assert end.why.startswith("exit code 3: ")
        assert end.why.endswith("no data")
        assert len(end.why) < 600
        await own.close()

    asyncio.run(story())


def test_a_program_that_knows_its_trigger_has_not_failed(tmp_path: Path) -> None:
    """By the words of its refusal, which the entry gives; other refusals are failures."""

    async def story(said: str) -> Ended:
        own = target(tmp_path, "sh", "-c", f"echo {said}; exit 255", repeated="had it")
        await own.start(trigger())
        end = await ended(own, RUN)
        await own.close()
        return end

    assert asyncio.run(story("I had it before")).succeeded
    assert not asyncio.run(story("no disk")).succeeded


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """A background job of it does not outlive it."""

    async def story() -> None:
        own = target(tmp_path, "sh", "-c", "sleep 60 & echo $! > child; wait", timeout="500ms")
        await own.start(trigger())
        end = await ended(own, RUN)
        assert end.why.startswith("ended after 0.5 s")
        await own.close()

    asyncio.run(story())
    child = int((tmp_path / "child").read_text())
    assert not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]


def test_one_run_at_a_time_and_a_repeated_trigger_is_the_same_run(tmp_path: Path) -> None:
    """Another trigger waits; closing ends the run; what is not known is not called a success."""

    async def story() -> None:
        own = target(tmp_path, "sh", "-c", "echo once >> log; sleep 60")
        assert Started(RUN) == await own.start(trigger())
        assert Started(RUN) == await own.start(trigger())
        assert isinstance(await own.start(trigger(id="other")), Again)
        assert isinstance(await own.follow(RUN), Running)
        while not (tmp_path / "log").exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.01)
        await own.close()
        assert Ended(succeeded=False, why="ended with the dispatcher") == await own.follow(RUN)
        state = await own.follow("driftline-unknown")
        assert isinstance(state, Ended)
        assert not state.succeeded

    asyncio.run(story())
    assert "once\n" == (tmp_path / "log").read_text()


def test_a_field_cannot_become_an_option() -> None:
    """A dash at the start of an argument must stand in the configuration."""
    entry = read({"kind": "command", "command": ["dvc", "exp", "run", "${model}"]})
    assert isinstance(arguments(entry, trigger(model="--force")), Refused)
    assert ("dvc", "exp", "run", "fraud") == arguments(entry, trigger())
    assert isinstance(arguments(entry, trigger(model="a\0b")), Refused)
    assert isinstance(arguments(entry, trigger(model="x" * 200_000)), Refused)


def test_a_missing_program_or_directory_is_said_at_once(tmp_path: Path) -> None:
    """And a command is a list, never a line."""
    with pytest.raises(ValueError, match="there is no program nonesuch"):
        target(tmp_path, "nonesuch")
    with pytest.raises(ValueError, match="is no directory"):
        target(tmp_path / "none", "sh")
    assert [("command",)] == [each.path for each in wrong({"kind": "command", "command": "dvc exp run"})]
    assert [("command", 1)] == [each.path for each in wrong({"kind": "command", "command": [sys.executable, "${no}"]})]
