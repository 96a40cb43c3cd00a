"""Triggers that were given up: dead letters of the dispatcher, and which of them are worth another try. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sinks.dispatch.fate import HELD
from sinks.dispatch.message import GAVE_UP, REDRIVEN, TARGET, read, supersedes
from sinks.dispatch.target import Trigger

REASON: Final = "driftline-reason"
DETAIL: Final = "driftline-detail"


class Letter(Struct, frozen=True):
    """A trigger that a target has not taken. `place` is where its dead letter lies, `at` when it was written, ms."""

    trigger: Trigger
    target: str
    place: str
    at: int
    why: str

    @property
    def held(self) -> bool:
        """Whether it was given up because its data must not be trained on, and still says so."""
        return self.why.startswith(HELD) and self.trigger.data.get("hold_training") is True

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """Those of another try: for this target alone, once for this letter."""
        return ((REDRIVEN, self.place.encode()), (TARGET, self.target.encode()))


def letter(value: bytes | None, headers: Mapping[str, bytes], place: str, at: int) -> Letter | None:
    """The letter that a record of the topic of dead letters is; None where it is of something else."""
    if headers.get(REASON) != GAVE_UP.encode():
        return None
    trigger = read(value)
    if not isinstance(trigger, Trigger):
        return None
    target, why = (headers.get(name, b"").decode(errors="replace") for name in (TARGET, DETAIL))
    return Letter(trigger, target, place, at, why)


def released(one: Letter) -> Letter:
    """The letter of a trigger that is held no more: its data may be trained on; nothing else of it is another."""
    event = msgspec.json.decode(one.trigger.raw)
    event["data"]["hold_training"] = False
    again = read(msgspec.json.encode(event))
    assert isinstance(again, Trigger), again
    return replace(one, trigger=again)


def worth_another_try(
    letters: Iterable[Letter], models: Collection[str] = (), targets: Collection[str] = (), since: int = 0
) -> list[Letter]:
    """The newest letter of each trigger and target, without those that a later one supersedes, in their order.

    `models` and `targets`: only of these; empty: of all. `since`: written at this time, ms, or later.
    """
    newest: dict[tuple[str, str], Letter] = {}
    for one in letters:
        key = (one.trigger.id, one.target)
        newest.pop(key, None)
        newest[key] = one
    replaced = {(earlier, one.target) for one in newest.values() for earlier in supersedes(one.trigger)}
    return [
        one
        for key, one in newest.items()
        if key not in replaced
        and one.at >= since
        and one.trigger.model in (models or (one.trigger.model,))
        and one.target in (targets or (one.target,))
    ]
