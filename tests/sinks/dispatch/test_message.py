"""Bytes become a trigger or a reason, whatever they are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.dispatch.message import BYTES_MAX, meant_for, read, supersedes
from sinks.dispatch.target import Trigger
from tests.sinks.dispatch.worlds import trigger

EVENT = {"specversion": "1.0", "id": "a", "time": "2026-11-20T17:00:00Z", "data": {"model": "m", "incident": "i"}}


def test_a_trigger_is_read_whole() -> None:
    """What the dispatcher does not know is there for targets."""
    found = read(json.dumps(EVENT | {"data": EVENT["data"] | {"extra": [1]}}).encode())  # type: ignore[operator]
    assert isinstance(found, Trigger)
    assert ("a", "m", "i", [1]) == (found.id, found.model, found.incident, found.data["extra"])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "without a value"),
        (b"", "without a value"),
        (b"\xff\xfe", "no trigger"),
        (b"[" * 5_000, "no trigger"),
        (json.dumps(EVENT | {"id": 1}).encode(), "Expected `str`, got `int` - at `$.id`"),
        (json.dumps(EVENT | {"id": ""}).encode(), "id: 1 to 512"),
        (json.dumps(EVENT | {"data": {"incident": "i"}}).encode(), "missing required field `model`"),
        (json.dumps(EVENT | {"specversion": "2.0"}).encode(), "CloudEvents 1.x"),
        (b" " * (BYTES_MAX + 1), "above"),
    ],
)
def test_what_is_no_trigger_says_why(raw: bytes | None, reason: str) -> None:
    """Never an exception."""
    found = read(raw)
    assert isinstance(found, str)
    assert reason in found


@given(st.binary(max_size=200))
def test_garbage_never_raises(raw: bytes) -> None:
    """Anything may be on a topic."""
    assert isinstance(read(raw), str)


def test_a_trigger_says_what_it_supersedes_and_for_whom_it_is() -> None:
    """One id or several; no names of targets means all; what is neither is nothing."""
    assert ("t1",) == supersedes(trigger(2, supersedes="t1"))
    assert ("t1", "t0") == supersedes(trigger(2, supersedes=["t1", 5, "t0", ""]))
    assert () == supersedes(trigger(2, supersedes=None))
    assert [True, True, False] == [meant_for(trigger(1, targets=named), "a") for named in (None, ["a", "b"], ["b"])]
