"""Captured logs: records of many partitions come back as they were in Kafka."""

from pathlib import Path

import pytest

from stream import files
from stream.events import Arrow, Records
from stream.files import FileProblem
from tests.stream.files.events import parquet, write

COLUMNS = 'topic, "partition", "offset", timestamp, key, value'


def captured(path: Path, *rows: str) -> Path:
    """A captured log of rows in SQL."""
    return parquet(path, f"SELECT * FROM (VALUES {', '.join(f'({row})' for row in rows)}) AS records ({COLUMNS})")


def read(*paths: Path, batch: int = 100) -> list[tuple[str, int, list[int], list[int], list[bytes | None], int]]:
    """All stretches of captured logs, as plain values."""
    return [_plain(records) for log in files.logs(paths, topic="unused", batch=batch) for records in log]


def _plain(records: Records) -> tuple[str, int, list[int], list[int], list[bytes | None], int]:
    offsets, timestamps_ms = records.offsets.tolist(), records.timestamps_ms.tolist()
    return records.topic, records.partition, offsets, timestamps_ms, records.values, records.position


def test_partitions_come_as_time_went_on(tmp_path: Path) -> None:
    """Records are in order of timestamp, topic, partition and offset; offsets have their holes, values their bytes."""
    path = captured(
        tmp_path / "a.parquet",
        "'b', 0, 9, 30, NULL, 'late'::BLOB",
        "'b', 0, 5, 10, NULL, '\\xFF'::BLOB",
        "'a', 1, 7, 20, 'k'::BLOB, NULL::BLOB",
        "'a', 0, 7, 20, NULL, ''::BLOB",
    )
    expected = [
        ("b", 0, [5], [10], [b"\xff"], 6),
        ("a", 0, [7], [20], [b""], 8),
        ("a", 1, [7], [20], [None], 8),
        ("b", 0, [9], [30], [b"late"], 10),
    ]
    assert expected == read(path, batch=1)
    assert {("a", 0): 7, ("a", 1): 7, ("b", 0): 5} == files.logs([path], topic="unused")[0].starts


def test_a_batch_is_one_stretch_per_partition(tmp_path: Path) -> None:
    """Records of several partitions that were read together are told apart once, not one by one."""
    rows = [f"'a', {i % 3}, {i}, {i}, NULL, 'v{i}'" for i in range(30)]
    expected = [("a", partition, list(range(partition, 30, 3))) for partition in range(3)]
    assert expected == [found[:3] for found in read(captured(tmp_path / "a.parquet", *rows))]


def test_offsets_rise_where_timestamps_do_not(tmp_path: Path) -> None:
    """A producer whose clock went back does not disorder its partition: it goes by the time it had reached."""
    path = captured(
        tmp_path / "a.parquet", "'a', 0, 0, 50, NULL, ''", "'a', 0, 1, 10, NULL, ''", "'a', 1, 0, 20, NULL, ''"
    )
    expected = [("a", 1, [0], [20]), ("a", 0, [0], [50]), ("a", 0, [1], [10])]
    assert expected == [found[:4] for found in read(path, batch=1)]


def test_several_captures_are_one_log(tmp_path: Path) -> None:
    """Their records are sorted together, and what two of them hold is read once."""
    one = captured(tmp_path / "a.parquet", "'a', 0, 0, 1, NULL, 'x'", "'a', 0, 1, 2, NULL, 'y'")
    two = captured(tmp_path / "b.parquet", "'a', 0, 1, 2, NULL, 'y'", "'a', 0, 2, 3, NULL, 'z'")
    assert [("a", 0, [0, 1, 2], [1, 2, 3], [b"x", b"y", b"z"], 3)] == read(two, one)


def test_timestamps_may_be_of_any_type(tmp_path: Path) -> None:
    """Moments become epoch milliseconds; an unknown one is -1."""
    moment = "TIMESTAMP '1970-01-01 00:00:01.5'"
    path = captured(tmp_path / "a.parquet", f"'a', 0, 0, {moment}, NULL, 'x'", "'a', 1, 0, NULL, NULL, 'y'")
    assert [[-1], [1500]] == [found[3] for found in read(path)]


def test_captured_logs_and_plain_files_do_not_mix(tmp_path: Path) -> None:
    """A plain file's partition could be one of the captured ones; offsets that are no integers are refused."""
    path = captured(tmp_path / "a.parquet", "'a', 0, 0, 1, NULL, 'x'")
    other = write(tmp_path / "b.jsonl", [{"x": 1}])
    with pytest.raises(FileProblem, match=r"is a captured log, .* is none"):
        files.logs([path, other], topic="unused")
    with pytest.raises(FileProblem, match="column 'offset' of a captured log is of type VARCHAR, not integer"):
        files.logs([captured(tmp_path / "c.parquet", "'a', 0, 'first', 1, NULL, 'x'")], topic="unused")


def test_a_content_type_may_be_kept_too(tmp_path: Path) -> None:
    """Where a capture has it, records of many events come back as such."""
    rows = (
        "('a', 0, 0, 1, NULL, 'x'::BLOB, 'application/vnd.apache.arrow.stream'), ('a', 0, 1, 2, NULL, 'y'::BLOB, NULL)"
    )
    path = parquet(tmp_path / "a.parquet", f"SELECT * FROM (VALUES {rows}) AS records ({COLUMNS}, content_type)")
    ((found,),) = files.logs([path], topic="unused")
    assert [(b"x", Arrow), (b"y", bytes)] == [(value, type(value)) for value in found.values]
