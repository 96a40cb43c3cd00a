"""Captured streams: written in files of a bounded size, whole or not there, and read as they were."""

from pathlib import Path

import numpy as np
import pytest

from stream.config.settings import DAY
from stream.counting.clocks import Mark
from stream.events import Arrow, Partition, Records
from stream.files import FileProblem, capturing
from stream.files.captures import LIST, holes, opened
from stream.files.capturing import Capturing
from stream.lives import Entry, Hole, Left
from stream.monitor.scopes import Marks

A, B = ("a", 0), ("b", 3)
VALUES = [b"x", None, b"", b"\xff'\"", b"y" * 100]
FIRST = Entry(1, "found", "a", 0, 0, 0, "{}")
SECOND = Entry(2, "release", "b", 3, 9, 7, '{"labels":1}')


def records(partition: Partition, begin: int, values: list[bytes | None], position: int = 0) -> Records:
    """Records one after the other, from an offset on."""
    offsets = np.arange(begin, begin + len(values), dtype=np.int64)
    return Records(*partition, offsets, offsets * 10, values, position or begin + len(values))


def left(offset: int) -> Left:
    """What a Commit has left."""
    mark = Mark(offset, 0, 5, 6)
    return Left({A: (mark, Mark(0))}, Marks({("a",): 60}, {}, {"a": 60}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two captures of a stream, the first of which had a control record at its end."""
    one = Capturing(tmp_path)
    one.add(records(A, 3, VALUES, position=10), [b"k", None, b"", None, b"k"], 2)
    one.add(records(B, 0, [b"z"]), [None], 0)
    one.finish(1, [FIRST], left(10), DAY)
    two = Capturing(tmp_path)
    assert {A: 10, B: 1} == two.ends
    two.add(records(A, 10, [b"later"]), [None], 10)
    two.finish(4, [SECOND], left(11), DAY)
    return tmp_path


def read(folder: Path, partition: Partition, offset: int) -> list[tuple[int, int, bytes | None]]:
    """Offset, timestamp and value of the records of a partition, from an offset on."""
    with opened(folder) as capture:
        every = list(capture.records(partition, offset))
    return [
        row for one in every for row in zip(one.offsets.tolist(), one.timestamps_ms.tolist(), one.values, strict=True)
    ]


def test_records_are_as_they_were(folder: Path) -> None:
    """Their values, absent and empty ones too, over several captures, from any offset on."""
    expected = [(3 + i, 30 + 10 * i, value) for i, value in enumerate(VALUES)]
    assert [*expected, (10, 100, b"later")] == read(folder, A, 0)
    assert [*expected[4:], (10, 100, b"later")] == read(folder, A, 7)
    assert [(0, 0, b"z")] == read(folder, B, 0)
    assert [] == read(folder, ("c", 0), 0)


def test_what_is_covered_is_known(folder: Path) -> None:
    """Offsets without a record belong to a stretch, where the reader has passed them."""
    with opened(folder) as capture:
        assert [(2, 10), (2, 10), (10, 11), None] == [capture.stretch(A, offset) for offset in (0, 9, 10, 11)]
        assert [FIRST, SECOND] == capture.journal()
        assert left(11) == capture.left
        assert (7, 4) == (capture.n_records, capture.contents.commit)
        assert [Hole(A, 0, 2), Hole(A, 14, 20)] == holes(
            capture.contents, {A: (0, 20), B: (0, 1)}, [Entry(3, "lost", "a", 0, 11, 14, "{}")]
        )


def test_parts_have_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By records or by bytes, whatever comes first; a gap begins another one."""
    monkeypatch.setattr(capturing, "PART_RECORDS", 4)
    monkeypatch.setattr(capturing, "PART_BYTES", 100)
    one = Capturing(tmp_path)
    for begin, values in ((0, [b"1", b"2"]), (2, [b"3", b"4"]), (4, [b"5" * 100]), (5, [b"6"]), (9, [b"7"])):
        one.add(records(A, begin, values), [None] * len(values), begin)
    contents = one.finish(1, [FIRST], left(10), DAY)
    spans = [part.stretches for part in contents.parts]
    assert [[(A, (0, 4))], [(A, (4, 5))], [(A, (5, 6))], [(A, (9, 10))]] == spans
    assert [0, 1, 2, 3, 4, 5, 9] == [offset for offset, _, _ in read(tmp_path, A, 0)]


def test_an_interrupted_capture_changes_nothing(folder: Path) -> None:
    """What it has written does not count, and the next one removes it."""
    before = read(folder, A, 0)
    interrupted = Capturing(folder)
    interrupted.add(records(A, 11, [b"half"]), [None], 11)
    interrupted.flush()
    assert (before, 3) == (read(folder, A, 0), len(list(folder.glob("records-*"))))
    again = Capturing(folder)
    assert {A: 11, B: 1} == again.ends
    assert 2 == len(list(folder.glob("records-*")))
    assert ["journal-4.parquet"] == [path.name for path in folder.glob("journal-*")]


def test_a_capture_that_is_not_whole_is_refused(folder: Path) -> None:
    """Without its list, with a part cut short, or without one."""
    part = folder / "records-00001.parquet"
    content = part.read_bytes()
    part.write_bytes(content[:-1])
    with pytest.raises(FileProblem, match=f"has {len(content) - 1} bytes, but was captured with {len(content)}"):
        read(folder, A, 0)
    (folder / "journal-4.parquet").unlink()
    with pytest.raises(FileProblem, match=r"is no whole capture: journal-4\.parquet is not there"):
        read(folder, A, 0)
    (folder / LIST).write_text("{}")
    with pytest.raises(FileProblem, match="is no list of version 1 of a capture"):
        read(folder, A, 0)
    (folder / LIST).unlink()
    with pytest.raises(FileProblem, match=r"is a folder without capture\.json, so no whole capture"):
        read(folder, A, 0)
    with pytest.raises(FileProblem, match="choose a folder of its own"):
        Capturing(folder)


def test_a_journal_that_had_been_forgotten_is_known(tmp_path: Path) -> None:
    """Where the first record, or the last capture, is older than what the store keeps; once known, for good."""
    second = 1_000_000_000

    def at(seconds: int) -> Left:
        return Left({}, Marks({("a",): seconds * second, ("a", "b"): (seconds + 9) * second}, {}, {}))

    for number, (seconds, keep, forgotten) in enumerate(
        [(20, 20, False), (50, 30, False), (90, 30, True), (91, 30, True)]
    ):
        one = Capturing(tmp_path)
        one.add(records(A, number, [b"x"]), [None], number)
        assert forgotten == one.finish(number + 1, [FIRST], at(seconds), keep * second).forgotten, seconds


def test_records_of_many_events_stay_what_they_are(tmp_path: Path) -> None:
    """Their content type is captured with them."""
    one = Capturing(tmp_path)
    one.add(records(A, 0, [Arrow(b"many"), b"one"]), [None, None], 0)
    one.finish(1, [FIRST], left(2), DAY)
    assert [Arrow, bytes] == [type(value) for _, _, value in read(tmp_path, A, 0)]
