"""The demo as `driftline demo` plays it: embedded broker, publisher, and the service as a process of its own."""

import socket
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from stream.demo.child import Child, ServiceFailed, free_port
from stream.demo.outcome import ANSWERED
from stream.demo.publisher import Publisher, PublishFailed
from stream.demo.report import QUESTION
from stream.demo.stage import Scene, Stage, staged
from stream.demo.world import World

COMMAND = (sys.executable, "-c", "from stream.demo.command import demo; demo(prog_name='driftline demo')")


def test_a_world_is_published_watched_and_judged(tmp_path: Path) -> None:
    """With a tenth of the traffic everything is found and triggered; the store that is left answers the question."""
    scenes: list[Scene] = []
    with staged(tmp_path, free_port(0)) as parts:
        performance = Stage(World(seed=2, rate=0.1), parts, scenes.append).play()
    assert performance.outcome.good, performance.outcome
    assert performance.recovery is not None
    assert (0, 0) == (performance.recovery.unclosed, performance.recovery.triggers), performance.recovery
    assert performance.recovery.after is not None  # of so few tickets an hour that nobody can say more
    assert {"fraud", "pricing", "support"} == {trigger["model"] for trigger in performance.triggers}
    watermarks = [scene.watermark_ms for scene in scenes]
    assert sorted(watermarks) == watermarks
    shown = [told for scene in scenes for told in scene.opened]  # labels may tell when all events are played
    assert ["fraud", "pricing"] == sorted({told.model for told in shown if not told.feature.startswith(ANSWERED)})
    with duckdb.connect(str(tmp_path / "driftline.duckdb"), read_only=True) as store:
        assert "demand" in {feature for _, feature, *_ in store.sql(QUESTION).fetchall()}


def test_a_port_in_use_is_replaced_by_a_free_one() -> None:
    """The wanted one where nobody listens on it, else another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port != free_port(port)
    assert port == free_port(port)


def test_a_service_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    """What it wrote last is part of the sentence."""
    child = Child(tmp_path, "127.0.0.1:9", free_port(0))
    child.store.write_text("no database")
    with child, pytest.raises(ServiceFailed, match=r"the service ended with code 2; its log is .*driftline\.duckdb"):
        child.wait_until_ready()


def test_a_broker_that_is_not_there_is_told() -> None:
    """The endless publisher says where it looked."""
    with pytest.raises(PublishFailed, match=r"no broker answers at 127\.0\.0\.1:9"):
        Publisher("127.0.0.1:9").partitions(answer_s=1.0)


def test_help_is_for_strangers() -> None:
    """Every option is explained."""
    shown = subprocess.run((*COMMAND, "--help"), capture_output=True, text=True, timeout=60, check=True).stdout
    for option in ("--seed", "--json", "--keep-running", "--port", "--publish-only", "--bootstrap", "--speed"):
        assert option in shown
