"""Logs of files: what `replay` reads is what services would have published."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stream import files
from stream.encodings.json import parse
from stream.events import Records
from stream.files import FileProblem
from tests.stream.files.events import events, flat, lines, parquet, write

EVENTS = events(250)
FLAT = [event | {"segments": None} for event in EVENTS]


def read(*paths: Path, batch: int = 100) -> list[Records]:
    """All records of some files."""
    return [records for log in files.logs(paths, topic="predictions", batch=batch) for records in log]


def documents(stretches: Sequence[Records]) -> list[Any]:
    """The events of records, decoded."""
    return [parse(value) for records in stretches for value in records.values if value is not None]


def told(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what says nothing."""
    return {key: value for key, value in event.items() if value is not None}


def offsets(stretches: Sequence[Records]) -> list[int]:
    """The offsets of all records."""
    return [offset for records in stretches for offset in records.offsets.tolist()]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson.gz"])
def test_a_line_is_a_record_and_its_number_the_offset(name: str, tmp_path: Path) -> None:
    """Lines come as they are, in stretches of a batch, with timestamps that nobody knows."""
    found = read(write(tmp_path / name, EVENTS))
    assert lines(EVENTS) == [value for records in found for value in records.values]
    assert list(range(250)) == offsets(found)
    assert [("predictions", 0, 100), ("predictions", 0, 200), ("predictions", 0, 250)] == [
        (records.topic, records.partition, records.position) for records in found
    ]
    assert {-1} == {timestamp for records in found for timestamp in records.timestamps_ms.tolist()}


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n \n"])
def test_empty_lines_are_no_records(end: bytes, tmp_path: Path) -> None:
    """Their numbers are left out; the last line needs no end, and a byte order mark belongs to no event."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf{}\r\n\n  \r\nbroken\xff" + end)
    (records,) = read(path)
    assert ([b"{}", b"broken\xff"], [0, 3], 4) == (records.values, records.offsets.tolist(), records.position)


def test_of_an_endless_line_only_the_beginning_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one record, for the decoder to refuse, and the next line has the next number."""
    monkeypatch.setattr("stream.files.lines.LINE_MAX", 10)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"0123456789abcdefghijklmnopqrstuvwxyz\n{}\n012345678\n{}")
    (records,) = read(path)
    assert ([b"0123456789", b"{}", b"012345678", b"{}"], [0, 1, 2, 3]) == (records.values, records.offsets.tolist())


def test_rows_of_a_parquet_file_are_the_events_it_was_made_of(tmp_path: Path) -> None:
    """Objects of features and segments come back as they were."""
    found = read(write(tmp_path / "a.parquet", EVENTS))
    assert EVENTS == documents(found)
    assert list(range(250)) == offsets(found)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz"])
def test_columns_that_are_nothing_else_are_features(name: str, tmp_path: Path) -> None:
    """A flat table of events gives the same events, without segments."""
    assert [told(event) for event in FLAT] == documents(read(write(tmp_path / name, flat(EVENTS))))


def test_an_event_needs_only_time_and_model(tmp_path: Path) -> None:
    """The kind is prediction where there is none; times are RFC 3339 or epoch milliseconds; ids are no floats."""
    query = """
        SELECT TIMESTAMP '2026-11-20 17:00:00.1235' AS time, 'a' AS model, 7.0::DOUBLE AS id, NULL AS kind, 1 AS x
        UNION ALL SELECT NULL, 'a', NULL, 'features', NULL
    """
    expected = [
        {"kind": "prediction", "time": "2026-11-20T17:00:00.123500Z", "model": "a", "id": "7", "features": {"x": 1}},
        {"kind": "features", "model": "a", "features": {"x": None}},
    ]
    assert expected == documents(read(parquet(tmp_path / "a.parquet", query)))
    path = tmp_path / "b.csv"
    path.write_bytes(b"time,model,version,x\n1795194000123,a,1.0,2\n")
    expected = [{"kind": "prediction", "time": 1795194000123, "model": "a", "version": "1.0", "features": {"x": 2}}]
    assert expected == documents(read(path))


@pytest.mark.parametrize("time", ["2026-11-20 17:00:00+00", "2026-11-20 18:00:00+01:00", "2026-11-20 17:00:00"])
def test_times_as_other_tools_write_them_are_understood(time: str, tmp_path: Path) -> None:
    """A time without a zone is taken for UTC; what is no time is left for the decoder to refuse."""
    path = tmp_path / "a.csv"
    path.write_text(f"time,model,x\n{time},a,1\nyesterday,a,1\n", encoding="utf-8")
    assert ["2026-11-20T17:00:00.000Z", "yesterday"] == [event["time"] for event in documents(read(path))]


def test_values_that_json_has_no_form_for_keep_their_meaning(tmp_path: Path) -> None:
    """NaN and the infinities are not missing, a list is of a wrong type, a broken number stays a text."""
    query = "SELECT 0 AS time, 'a' AS model, unnest(['nan', 'inf', NULL]::DOUBLE[]) AS x, [1] AS list"
    values = [value for records in read(parquet(tmp_path / "a.parquet", query)) for value in records.values]
    assert ['{"x":NaN,"list":[]}', '{"x":Infinity,"list":[]}', '{"x":null,"list":[]}'] == [
        (value or b"").decode().partition('"features":')[2][:-1] for value in values
    ]
    path = tmp_path / "a.csv"
    path.write_text("time,model,x\n" + "0,a,1.5\n" * 30 + "0,a,oops\n0,a,nan\n", encoding="utf-8")
    assert [1.5, "oops"] == [event["features"]["x"] for event in documents(read(path))[29:31]]
    assert read(path)[0].values[31] == b'{"kind":"prediction","time":0,"model":"a","features":{"x":NaN}}'


def test_scores_lists_and_relevances_of_a_table_are_those_of_events(tmp_path: Path) -> None:
    """Structs, maps and lists in the fields that may have them; elsewhere they are of a wrong type."""
    query = """
        SELECT 0 AS time, 'a' AS model, {'x': 0.25, 'y': NULL} AS scores, ['i', 'j'] AS prediction, {'z': 1} AS feature
        UNION ALL SELECT 1, 'a', NULL, NULL, NULL
    """
    expected = [{"scores": {"x": 0.25, "y": None}, "prediction": ["i", "j"], "features": {"feature": []}}]
    expected += [{"features": {"feature": None}}]
    same = [{"kind": "prediction", "time": i, "model": "a"} for i in range(2)]
    assert [a | b for a, b in zip(same, expected, strict=True)] == documents(
        read(parquet(tmp_path / "a.parquet", query))
    )
    query = "SELECT 0 AS time, 'a' AS model, 'label' AS kind, 'q' AS id, MAP {'i': 2.0} AS label"
    (found,) = documents(read(parquet(tmp_path / "b.parquet", query)))
    assert {"i": 2.0} == found["label"]


def test_each_file_is_a_partition_in_the_order_of_paths(tmp_path: Path) -> None:
    """However they are named on the command line; a file named twice is read once."""
    paths = [write(tmp_path / name, EVENTS[:3]) for name in ("c.jsonl", "a.parquet", "b.csv")]
    found = read(*paths, paths[0], batch=2)
    assert [(0, [0, 1]), (0, [2]), (1, [0, 1]), (1, [2]), (2, [0, 1]), (2, [2])] == [
        (records.partition, records.offsets.tolist()) for records in found
    ]
    assert [{("predictions", i): 0} for i in range(3)] == [log.starts for log in files.logs(paths, topic="predictions")]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.parquet", "a.csv"])
def test_what_has_been_consumed_grows_to_the_size(name: str, tmp_path: Path) -> None:
    """A progress bar never runs back, and it ends where it should."""
    path = write(tmp_path / name, EVENTS)
    (log,) = files.logs([path], topic="predictions", batch=50)
    seen = [log.consumed, *(log.consumed for _ in log), log.consumed]
    assert sorted(seen) == seen
    assert (0, log.size, path.stat().st_size) == (seen[0], seen[-1], log.size)


def test_what_cannot_be_replayed_is_said_in_a_sentence(tmp_path: Path) -> None:
    """A table without times, an array instead of lines, a broken archive, nothing at all."""
    table = write(tmp_path / "a.csv", [{"times": 1, "model": "a"}])
    array = tmp_path / "a.json"
    array.write_text(json.dumps(EVENTS[:2]), encoding="utf-8")
    archive = tmp_path / "a.jsonl.gz"
    archive.write_bytes(gzip.compress(b"{}\n")[:-3])
    missing = tmp_path / "b.jsonl"
    for path, said in (
        (table, "has no column 'time', so its rows are no events: did you mean 'times'?"),
        (array, "line 1 is an array; write one event per line"),
        (archive, "is no whole gzip file"),
        (missing, "does not exist"),
    ):
        with pytest.raises(FileProblem) as problem:
            read(path)
        assert f"{path}" in str(problem.value)
        assert said in str(problem.value)
    with pytest.raises(FileProblem, match="0 files to replay"):
        read()
