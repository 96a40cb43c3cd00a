"""What must not be trained on starts nothing, except where an entry says otherwise."""

import asyncio

import pytest

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Trigger
from sinks.dispatch.targets import open_target
from sinks.dispatch.targets.entry import wrong
from sinks.dispatch.targets.holding import WHY, holding
from tests.sinks.dispatch.entries import DATA, trigger

BROKEN = trigger(data={**DATA, "hold_training": True})
WHOLE = trigger()


class Anything:
    """A target that takes everything."""

    name, keyed = "any", True

    async def start(self, trigger: Trigger) -> Started | Again | Refused:
        """Take it."""
        return Started(trigger.id)

    async def follow(self, external_id: str) -> Running | Ended | Again | None:
        """Still running."""
        return Running() if external_id else None

    async def close(self) -> None:
        """Nothing to let go."""


@pytest.mark.parametrize(
    ("kind", "asked", "held"),
    [
        ("airflow", None, True),
        ("command", None, True),
        ("http", None, True),
        ("mlflow", None, False),
        ("webhook", None, False),
        ("webhook", True, True),
        ("airflow", False, False),
    ],
)
def test_a_broken_input_starts_nothing_that_trains(kind: str, asked: object, held: bool) -> None:
    """What records or passes on is told; a trigger that is whole starts everywhere."""
    target = holding(Anything(), kind, asked)
    assert ("any", True) == (target.name, target.keyed)
    assert (Refused(WHY) if held else Started(BROKEN.id)) == asyncio.run(target.start(BROKEN))
    assert Started(WHOLE.id) == asyncio.run(target.start(WHOLE))
    assert Running() == asyncio.run(target.follow("1"))
    asyncio.run(target.close())


def test_an_entry_may_say_otherwise() -> None:
    """By its key `hold`, of every kind."""
    entry = {"kind": "command", "command": ["true"]}
    for more, answer in (({}, Refused), ({"hold": False}, Started)):

        async def story(more: dict[str, object] = more) -> object:
            target = open_target({**entry, **more})
            found = await target.start(BROKEN)
            await target.close()
            return found

        assert isinstance(asyncio.run(story()), answer)
    (mistake,) = wrong({**entry, "hold": "perhaps"})
    assert ("hold",) == mistake.path
