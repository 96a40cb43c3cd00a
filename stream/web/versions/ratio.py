"""Whether versions get the shares of the traffic that are meant for them (`versions.shares`)."""

from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from detectors.sample_ratio import dispersion, sample_ratio
from sinks.commit import JOURNAL, WINDOWS, Store, to_ns
from stream.config.settings import Versions
from stream.roster import FUTURE
from stream.web.sources import Sources
from stream.web.times import moment
from stream.web.versions.pair import settings_of

ROWS_MAX = 50_000  # windows of a version that are counted: of 5 minutes half a year


class Share(Struct, frozen=True):
    """One version's share of the events: as it is meant to be, and as it is."""

    version: str
    meant: float
    events: int
    share: float


class Ratio(Struct, frozen=True):
    """Whether the traffic is shared as it is meant to be, since all versions are there and the shares were set.

    `p` is the smallest ever: where the shares are kept, it falls to 0.05 in at most 5 % of rollouts, however often one
    looks. `together`: how many events know as much as an independent one.
    """

    mismatch: bool
    p: float
    together: float
    since: datetime
    shares: list[Share]
    words: str


class _Model(Struct, frozen=True):
    versions: Versions = Versions()


class _Settings(Struct, frozen=True):
    patterns: tuple[tuple[str, _Model], ...] = ()
    defaults: _Model = _Model()

    def shares(self, model: str) -> Mapping[str, float]:
        """Those of a model, as `Settings.model` finds it."""
        return next((each for name, each in self.patterns if fnmatchcase(model, name)), self.defaults).versions.shares


class _Start(Struct, frozen=True):
    """What a start's row says of the settings, also those of another release; nothing where they had not changed."""

    settings: _Settings | None = None


def ratio(sources: Sources, model: str) -> Ratio | None:
    """The test of the shares that are configured; None where none are, or a version of them is not there yet."""
    settings = settings_of(sources, model)
    meant = dict(sorted(settings.versions.shares.items()))
    if not meant:
        return None
    since = _meant_since(sources.store, model, meant, settings.windows[0])
    ends, counts = _counts(sources.store, model, settings.windows[0], tuple(meant), since)
    if not len(ends):
        return None
    together = dispersion(counts)
    found = sample_ratio(np.cumsum(counts, axis=0) / together, np.array([*meant.values()]))
    still = bool(found.mismatch[-1])
    i = -1 if still else int(found.p.argmin())  # what was found once stays found
    events, names = counts.sum(axis=0).tolist(), list(meant)
    shares = [Share(name, meant[name], n, n / max(sum(events), 1)) for name, n in zip(names, events, strict=True)]
    mismatch = bool(found.mismatch.any())
    words = "the traffic is shared as it is meant to be, as far as one can tell"
    if mismatch:
        name = names[int(found.variant[i])]
        was = meant[name] + float(found.excess[i])
        verb = "has" if still else "had"
        words = f"version {name} {verb} {was:.2%} of the traffic, and {meant[name]:.2%} are meant for it"
    begin = int(ends[0].astype(np.int64)) * 1_000 - settings.windows[0]
    return Ratio(mismatch, float(found.p.min()), together, moment(begin), shares, words)


def _counts(
    store: Store, model: str, length: int, names: tuple[str, ...], since: int | None
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """Ends of windows, and events (windows, versions), from the first whole window of all versions on."""
    found = []
    for name in names:
        where: dict[str, str | int] = {"model": model, "version": name, "segment": "", "length": length}
        rows = store.select(WINDOWS, where=where, since=since, order=("end",), descending=True, limit=ROWS_MAX)
        apart = to_ns(rows["end"]) % length == 0  # windows may slide
        found.append((rows["end"][apart][::-1], rows["events"][apart][::-1].astype(np.int64)))
    if not all(len(ends) for ends, _ in found):
        return np.empty(0, "datetime64[us]"), np.empty((0, len(names)), np.int64)
    begin = max(ends[0] for ends, _ in found)  # the newest version came somewhere in its first window
    ends = np.unique(np.concatenate([ends[ends > begin] for ends, _ in found]))
    counts = np.zeros((len(ends), len(names)), np.int64)
    for i, (its, events) in enumerate(found):
        counts[np.searchsorted(ends, its[its > begin]), i] = events[its > begin]
    return ends, counts


def _meant_since(store: Store, model: str, meant: Mapping[str, float], length: int) -> int | None:
    """The first end of a window, ns, that may count: the shares changed with a start; None where they never did."""
    rows = store.select(JOURNAL, where={"kind": "start"})
    since = None
    for i in np.argsort(rows["commit"].astype(np.int64))[::-1].tolist():
        settings = msgspec.json.decode(rows["detail"][i], type=_Start).settings
        if settings is None:
            continue
        if settings.shares(model) != meant:
            return since
        at = int(to_ns(rows["at"])[i])
        since = None if at > FUTURE - length else at + length  # before the first event there was no clock
    return None
