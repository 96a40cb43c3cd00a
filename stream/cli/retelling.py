"""What `driftline replay` does with a folder that `driftline capture` has written."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sinks.commit import Store
from stream.cli import opening
from stream.config.digest import digest
from stream.config.settings import Settings
from stream.files import FileProblem
from stream.files.captures import FORGOTTEN, Capture, opened
from stream.lives import Life, as_one, lives
from stream.monitor.plans.onboarding import Sources
from stream.rerun import Rerun


class Retelling:
    """A capture that is led again. `differences`: why its rows need not be those of the stream; none: they are."""

    def __init__(self, capture: Capture, store: Store, other: Settings | None) -> None:
        stream = lives(capture.journal(), capture.left)
        self.differences: list[str] = []
        self.size = capture.n_records
        self._sources: dict[str, Sources] = {}
        if capture.contents.forgotten:
            self.differences.append(FORGOTTEN)
        if other is not None:
            self.differences.append("by another configuration than the stream's")
            stream = [as_one(stream, other, {})]
        for life in stream:
            self._compare(life)
        if store.last():
            raise FileProblem("--store has results already: a stream is told from its beginning, into a new file")
        self._rerun = Rerun(stream, capture, store, self._of)

    @property
    def events(self) -> int:
        """How many records have been read so far."""
        return self._rerun.events

    def run(self, progress: Callable[[int], None]) -> None:
        """Lead all lives again."""
        self._rerun.run(progress)
        self.differences += [
            f"{hole} are not in the capture; the windows that they touch are marked incomplete"
            for hole in self._rerun.holes
        ]

    def _of(self, settings: Settings) -> Sources:
        """The reference files of the settings, read once."""
        name = digest(settings)
        if name not in self._sources:
            self._sources[name] = opening.sources(settings)
        return self._sources[name]

    def _compare(self, life: Life) -> None:
        """Reference files are not captured: those of the same name may be others by now."""
        present: Mapping[str, str] = {path: file.digest for path, file in self._of(life.settings).files.items()}
        for path in sorted(path for path, known in life.files.items() if present.get(path) != known):
            self.differences.append(f"the reference {path} is not the file that it was")


@contextmanager
def retelling(folder: Path, store: Store, file: Path | None) -> Iterator[Retelling]:
    """A captured folder, by its own configurations or by another one."""
    with opened(folder) as capture:
        yield Retelling(capture, store, opening.configuration(file, (), "") if file is not None else None)
