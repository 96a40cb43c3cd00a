"""What `replay` reads: files as partitions of a log, each a stretch of records at a time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stream.events import Partition, Records
from stream.files.captured import captured, is_captured, starts
from stream.files.lines import lines
from stream.files.paths import FileProblem, kind_of
from stream.files.rows import Given, rows

BATCH = 2_000  # records at once, as from a broker
FILES_MAX = 500  # open at once; the usual limit of a process is 1,024


class Log(Iterator[Records]):
    """Records in order; `starts`: the partitions and their first offsets. Of `size` bytes `consumed` have been read."""

    def __init__(self, starts: Mapping[Partition, int], size: int, source: Iterator[tuple[Records, int]]) -> None:
        self.starts = starts
        self.size = size
        self.consumed = 0
        self._source = source

    def __next__(self) -> Records:
        """The next stretch of one partition."""
        try:
            records, self.consumed = next(self._source)
        except StopIteration:
            self.consumed = self.size
            raise
        return records


def logs(paths: Sequence[str | Path], *, topic: str, batch: int = BATCH, model: str = "") -> list[Log]:
    """A log per file, for readers that pause one while another catches up; all captured logs together are one.

    A plain file is the partition of `topic` whose number is its place in the sorted list of paths. `model`: of all rows
    of tables without such a column. FileProblem where a file is missing, empty, of an unknown kind, or says it itself.
    """
    chosen = sorted({Path(path) for path in paths})
    if not 0 < len(chosen) <= FILES_MAX:
        raise FileProblem(f"{len(chosen)} files to replay; expected 1 to {FILES_MAX}")
    kinds = {path: kind_of(path) for path in chosen}
    kept = [path for path, kind in kinds.items() if kind == "parquet" and is_captured(path)]
    if model and (own := next((path for path in chosen if path in kept or kinds[path] == "lines"), None)):
        raise FileProblem(f"{own} says itself of which model its events are; --model is for tables without that column")
    if not kept:
        return [_plain(path, (topic, i), batch, Given(model=model)) for i, path in enumerate(chosen)]
    if len(kept) < len(chosen):
        other = next(path for path in chosen if path not in kept)
        raise FileProblem(f"{kept[0]} is a captured log, {other} is none; replay them one after the other")
    return [Log(starts(kept), sum(path.stat().st_size for path in kept), captured(kept, batch))]


def _plain(path: Path, partition: Partition, batch: int, given: Given) -> Log:
    source = lines(path, *partition, batch) if kind_of(path) == "lines" else rows(path, *partition, batch, given)
    return Log({partition: 0}, path.stat().st_size, source)
