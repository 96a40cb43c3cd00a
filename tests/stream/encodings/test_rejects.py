"""Why records are rejected, one row per reason and field, with the sentence a person reads."""

import pytest

from stream.events import OVERSIZED
from tests.stream.encodings.worlds import ALONE, WORLD, decoder, records, written

LONG = "x" * 201
REJECTED = {
    "tombstone": (None, "empty", "the record has no value"),
    "nothing": (b"", "empty", "the record has no value"),
    "cut off": (written()[:-1], "undecodable", "Expecting ',' delimiter: line 1 column 332 (char 331)"),
    "UTF-16": (written().decode().encode("utf-16"), "undecodable", "Expecting value: line 1 column 1 (char 0)"),
    "byte order mark": (
        b"\xef\xbb\xbf" + written(),
        "undecodable",
        "Expecting value: line 1 column 1 (char 0)",
    ),
    "two documents": (written() + written(), "undecodable", "Extra data: line 1 column 333 (char 332)"),
    "nesting bomb": (b"[" * 60_000, "undecodable", "brackets do not match"),
    "an array": (b"[" + written() + b"]", "undecodable", "expected an object, found an array"),
    "a number": (b"1.5", "undecodable", "expected an object, found a number"),
    "no kind": (written(kind=None), "missing_field", "the event has no kind"),
    "no model": (written(model=None), "missing_field", "the event has no model"),
    "no time": (written(time=None), "missing_field", "the event has no time"),
    "null time": (b'{"kind":"label","model":"a","time":null}', "missing_field", "the event has no time"),
    "label without id": (written(kind="label", id=None), "missing_field", "a label needs the id of its prediction"),
    "label of a stranger without id": (
        written(kind="label", id=None, model="new one"),
        "missing_field",
        "a label needs the id of its prediction",
    ),
    "another kind": (
        written(kind="Prediction"),
        "wrong_type",
        "kind is 'Prediction', expected prediction, features or label",
    ),
    "kind of no text": (
        written(kind=["label"]),
        "wrong_type",
        "kind is ['label'], expected prediction, features or label",
    ),
    "model of no text": (written(model=7), "wrong_type", "model is a number"),
    "empty model": (written(model=""), "wrong_type", "model has no or more than 200 characters"),
    "long model": (written(model=LONG), "wrong_type", "model has no or more than 200 characters"),
    "long version": (written(version=LONG), "wrong_type", "version has more than 200 characters"),
    "long version of a stranger": (
        written(version=LONG, model="new one"),
        "wrong_type",
        "version has more than 200 characters",
    ),
    "huge version": (written(version=10**250), "wrong_type", "version has more than 200 characters"),
    "version with a fraction": (written(version=3.5), "wrong_type", "version is a number"),
    "version of no text": (written(version=True), "wrong_type", "version is true or false"),
    "half a surrogate pair": (written(model="\ud800"), "wrong_type", "model is no text: '\\ud800'"),
    "invalid UTF-8": (
        written().replace(b'"fraud"', b'"fra\xffud"'),
        "wrong_type",
        "model is no text: 'fra\\udcffud'",
    ),
    "id of no text": (written(id={"a": 1}), "wrong_type", "id is an object"),
    "time of no text": (written(time=1.5), "wrong_type", "time is a number"),
    "time without a zone": (
        written(time="2026-11-20T17:00:00"),
        "bad_time",
        "time is '2026-11-20T17:00:00', expected RFC 3339 with a zone, or an integer of epoch milliseconds",
    ),
    "negative time": (
        written(time=-1),
        "bad_time",
        "time is -1, expected RFC 3339 with a zone, or an integer of epoch milliseconds",
    ),
}


@pytest.mark.parametrize(("value", "reason", "detail"), REJECTED.values(), ids=REJECTED)
def test_a_reject_says_why(value: bytes | None, reason: str, detail: str) -> None:
    """The record is rejected for its reason, and the valid ones around it are not."""
    batch = decoder(WORLD).decode(records([written(), value, written()]))
    assert batch.at.tolist() == [0, 2]
    assert [(1, reason, detail)] == [(reject.row, reject.reason, reject.detail) for reject in batch.rejects]


def test_a_record_is_as_long_as_it_may_be_or_oversized() -> None:
    """The limit is the greatest length that is decoded; beyond it nobody looks inside."""
    fits = written() + b" " * (WORLD.bytes_max - len(written()))
    batch = decoder(WORLD).decode(records([fits, fits + b" ", b"[" * 70_000, written()]))
    assert batch.at.tolist() == [0, 3]
    assert [reject.reason for reject in batch.rejects] == [OVERSIZED, OVERSIZED]
    assert batch.rejects[0].detail == "65,537 bytes, the limit is 65,536 (limits.event_bytes)"


def test_ids_matter_only_where_labels_are_configured() -> None:
    """Without labels an event's id may be anything, also of a label."""
    values = [written(kind="label", id=None), written(id={"a": 1}), written(id=True, score=[1])]
    assert decoder(ALONE).decode(records(values)).at.tolist() == [0, 1, 2]


def test_predictions_need_no_id() -> None:
    """Only labels must say what they belong to."""
    values = [written(id=None), written(kind="features", id=None)]
    assert decoder(WORLD).decode(records(values)).at.tolist() == [0, 1]


@pytest.mark.parametrize("value", [row[0] for row in REJECTED.values()], ids=REJECTED)
def test_the_detail_of_a_reject_can_be_written(value: bytes | None) -> None:
    """It is text that UTF-8 can carry, and short."""
    (reject,) = decoder(WORLD).decode(records([value])).rejects
    assert len(reject.detail.encode()) < 500
