"""docs/events.md is held to its word: every example in it is decoded, every row of its tables is what happens."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import grids
from stream.encodings.packed import unpacked
from stream.encodings.schema import GOOD_ID, MISSING, NOT_FINITE, NULL_ID, UNSEEN_ID, WRONG_ID, WRONG_TYPE, Shape
from stream.events import ARROW, REASONS, Arrow, Batch
from tests.stream.encodings.oracle import World
from tests.stream.encodings.worlds import decoder, records

TEXT = (Path(__file__).parents[3] / "docs/events.md").read_text(encoding="utf-8")
VALUES = "value | in a numeric feature | in a categorical feature"
KNOWN = ("7", "1", "FR")
WORLD = World((Shape("fraud", ("n",), ("c",)),), ("site",), KNOWN, identified=True)
NAN_NAMES = {MISSING: "missing", NOT_FINITE: "not finite", WRONG_TYPE: "wrong type"}
ID_NAMES = {NULL_ID: "missing", UNSEEN_ID: "unseen category", WRONG_ID: "wrong type"}


def table(head: str) -> list[tuple[str, ...]]:
    """The rows of the table with this head, without the marks of code."""
    body = TEXT.split(f"\n| {head} |\n")[1].split("\n\n")[0].splitlines()[1:]
    return [tuple(cell.strip().strip("`") for cell in row.strip("|").split(" | ")) for row in body]


def decoded(value: str) -> Batch:
    """One record."""
    return decoder(WORLD).decode(records([value.encode()]))


def name_of_number(value: float) -> str:
    """What a numeric value is called."""
    names = {np.float64(nan).view(np.int64): name for nan, name in NAN_NAMES.items()}
    return names.get(np.float64(value).view(np.int64), repr(float(value)))


@pytest.mark.parametrize("block", re.findall(r"```json\n(.*?)\n```", TEXT, re.DOTALL))
def test_every_example_is_an_event(block: str) -> None:
    """It is decoded, and all that it says is standard JSON."""
    batch = decoded(block)
    assert batch.rejects == ()
    (head,) = batch.heads
    assert (json.loads(block)["model"], json.loads(block).get("version", "")) == (head.name, head.version)


@pytest.mark.parametrize(
    ("value", "number", "category"), table("value | in a numeric feature | in a categorical feature")
)
def test_an_odd_value_becomes_what_the_table_says(value: str, number: str, category: str) -> None:
    """As a numeric and as a categorical feature."""
    event = f'{{"kind":"prediction","model":"fraud","time":1,"features":{{"n":{value},"c":{value}}},"score":{value}}}'
    batch = decoded(event)
    names = ID_NAMES | {GOOD_ID + 1 + i: f"category {text}" for i, text in enumerate(KNOWN)}
    assert (number, number) == (name_of_number(batch.values[0, 0]), name_of_number(batch.values[0, 1]))
    assert category == names[int(batch.texts[0, 0])]


@pytest.mark.parametrize(("time", "meaning"), table("`time` | read as"))
def test_a_time_is_read_as_the_table_says(time: str, meaning: str) -> None:
    """In UTC to the nanosecond, or rejected."""
    batch = decoded(f'{{"kind":"prediction","model":"fraud","time":{time}}}')
    found = [*batch.time.astype("datetime64[ns]").astype(str).tolist(), *(reject.reason for reject in batch.rejects)]
    assert [meaning] == found


@pytest.mark.parametrize(("event", "reason"), table("event | reason"))
def test_an_event_is_rejected_for_the_reason_in_the_table(event: str, reason: str) -> None:
    """As the example says."""
    assert [reason] == [reject.reason for reject in decoded(event).rejects]


def test_every_reason_is_explained() -> None:
    """And no other."""
    assert list(REASONS) == [row[0] for row in table("reason | meaning")]


def test_cells_are_called_as_on_the_page() -> None:
    """The words of the table are the names that people see beside counts."""
    grid = grids.build({"n": np.arange(9.0)}, {"c": list(KNOWN)})
    assert {*NAN_NAMES.values()} <= {*grid.cell_names("n")}
    assert {*ID_NAMES.values(), *(f"category {text}" for text in KNOWN)} <= {*grid.cell_names("c")}


def test_the_publisher_publishes_events() -> None:
    """Its code runs, and what it would send is decoded."""
    batch = decoded(json.dumps(publisher(0)["event"]({"n": 41.5, "c": "FR"}, 0.83)))
    assert (batch.rejects, batch.values[:, :2].tolist()) == ((), [[41.5, 0.83]])


def publisher(place: int) -> dict[str, Any]:
    """What the code of one of the publishers defines."""
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[place]
    names: dict[str, Any] = {"__name__": "publisher"}
    exec(compile(code, "docs/events.md", "exec"), names)
    return names


def test_the_publisher_of_tables_publishes_events() -> None:
    """Its rows are decoded, with the time and the feature that they say; its header is the one that is asked for."""
    ours = publisher(1)
    assert [("content-type", ARROW.encode())] == ours["HEADERS"]
    table = ours["scored"]([1795194000123, 1795194000456], [41.5, 12.0], [0.83, 0.2])
    world = World((Shape("fraud", ("amount",)),), (), (), identified=True)
    batch = decoder(world).decode(unpacked(records([Arrow(ours["record"](table))])))
    assert (batch.rejects, batch.values[:, :2].tolist()) == ((), [[41.5, 0.83], [12.0, 0.2]])
    assert [1795194000123000000, 1795194000456000000] == batch.time.tolist()
