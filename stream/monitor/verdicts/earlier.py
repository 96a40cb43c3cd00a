"""Moving references: closed windows are kept, and later ones of the same version are compared with some of them.

What is chosen follows from what was decided before a window's end: from the rows of `earlier`, those of this Commit
among them, and from the incidents of the version.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_
from functools import partial, reduce
from itertools import islice
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import packing, parts
from sinks import commit as tables
from stream.config.checking.earlier import WEEK, Choice, choices, reach, told
from stream.config.settings import DAY
from stream.ledger import Ledger, moment
from stream.monitor.verdicts import differing
from stream.monitor.verdicts.differing import Differing, Span
from stream.monitor.verdicts.disturbed import Disturbed, noted
from stream.monitor.verdicts.judging import Case
from stream.policy import Incident, Policy

Version = tuple[str, str]  # (model, version)
Key = tuple[str, str, int]  # (model, version, length)
Asked = Callable[..., Mapping[str, NDArray[np.generic]]]  # rows of `earlier`, as `Store.select` is asked
# Bytes of counts, of which a packed summary takes a fifth: a question takes 5 ms, of however few models (measured).
TOGETHER_MAX = 100_000_000


@dataclass(frozen=True)
class _Window:
    """A closed window that may be chosen."""

    start: int
    end: int
    plan: str
    drifted: bool
    packed: bytes


def nothing(**_: Any) -> dict[str, NDArray[np.generic]]:  # noqa: ANN401 - as `Store.select` is asked
    """Before the first Commit nothing is kept."""
    return {"commit": np.empty(0, np.int64), **tables.EARLIER.empty()}


class Earlier:
    """Finds what windows are compared with, and keeps those that later ones may be compared with.

    `fresh` has what was closed since the last Commit: the store does not know of it yet.
    """

    def __init__(
        self,
        policies: Mapping[Version, Policy],
        disturbed: dict[Version, tuple[Disturbed, ...]],
        ledger: Ledger,
        asked: Asked,
    ) -> None:
        self._policies, self._disturbed, self._ledger, self._asked = policies, disturbed, ledger, asked
        self._fresh: dict[Key, list[_Window]] = {}
        self._read: dict[tuple[str, int, int, int], dict[tuple[str, str, str], list[_Window]]] = {}  # for one close
        self._closing = 0  # how many windows
        self._differing = Differing()
        self._open: dict[Version, Incident] = {}  # before the policy has seen the windows that close now

    def committed(self) -> None:
        """Note that a Commit has all that was closed: it is with the store before anything else closes."""
        self._fresh = {}

    def compared(self, cases: Sequence[Case]) -> list[Case]:
        """Cases with what they are compared with. Call it before the policy sees them, and `close` afterwards."""
        moving = [case for case in cases if case.settings.reference.moves]
        found = {_version(case): self._policies.get(_version(case)) for case in moving}
        self._open = {key: one.incident for key, one in found.items() if one is not None and one.incident is not None}
        self._closing, self._read = len(moving), {}
        return [self._compared(case) if case.settings.reference.moves else case for case in cases]

    def close(self, cases: Sequence[Case], complete: Sequence[bool]) -> None:
        """Keep windows that close together and that later ones may be compared with."""
        moving = [(case, whole) for case, whole in zip(cases, complete, strict=True) if case.settings.reference.moves]
        for version, case in {_version(case): case for case, _ in moving}.items():
            self._disturb(version, case)
        for case, whole in moving:
            self._keep(case, whole=whole)
        self._read = {}

    # ---- what a window is compared with

    def _compared(self, case: Case) -> Case:
        asked = choices(case.settings.reference, case.length)
        found = [self._chosen(case, choice) for choice in asked]
        rows = {window.end: window for some in found for window in some}  # one that two choices take counts once
        nobody = parts.empty(case.plan.grid, len(case.plan.rows))
        enough = all(2 * len(some) >= choice.n for some, choice in zip(found, asked, strict=True))
        summaries = [packing.unpack(case.plan.grid, rows[end].packed) for end in sorted(rows) if enough]
        summary = reduce(add, summaries, nobody)
        if enough:
            self._note(case, sorted(rows))
        each = " and ".join(_told(case, *one) for one in zip(asked, found, strict=True))
        events = f", {int(summary.events()[0]):,} events" if enough else ""
        # Panes that follow each other teach the rhythm of a day, not how much days differ.
        daily = [choice for choice in asked if choice.unit != "window"]
        spread = None if daily else case.spread
        if daily and enough:
            days = self._differing.days(case, daily[0], partial(self._teaching, case, daily[0]))
            spread = differing.spread(case, days, summaries)
        return with_(case, spread=spread, reference=summary, compared_with=each + events)

    def _note(self, case: Case, ends: Sequence[int]) -> None:
        """Keep which windows it was, for whoever wants to see them beside it."""
        about = (*_version(case), case.length, moment(case.end), case.plan.id)
        self._ledger.row(tables.COMPARED, *about, np.array(ends, "<i8").tobytes())

    def _teaching(self, case: Case, choice: Choice, span: Span) -> Iterator[tuple[int, bytes]]:
        """The windows of a span in which nothing drifted, in any order."""
        fresh = self._fresh.get((*_version(case), case.length), ())
        found = [one for one in fresh if one.plan == case.plan.id]
        for last, since in span.slots():
            where = _about(case) | _slot(choice, last)
            found += _windows(self._asked(where=where, since=since, until=last + case.length))
        return ((one.end, one.packed) for one in found if not one.drifted)

    def _chosen(self, case: Case, choice: Choice) -> list[_Window]:
        """The newest windows of a choice that may be chosen, the newest first."""
        disturbed = self._disturbed.get(_version(case), ())
        may = (
            each for each in self._before(case, choice) if _same(each, case, choice) and _calm(each, case, disturbed)
        )
        return list(islice(may, choice.n))

    def _before(self, case: Case, choice: Choice) -> Iterator[_Window]:
        """Windows among which are all of a choice, the newest first; the store is asked for few more than are taken."""
        model, version = _version(case)
        yield from reversed(self._fresh.get((model, version, case.length), ()))
        about = _about(case)
        before, n = 0, min(choice.n + case.settings.trigger.of, choice.among)  # without an incident that is enough
        if n * self._closing * case.summary.counts.nbytes <= TOGETHER_MAX:
            yield from self._together(case, choice, n).get((model, version, case.plan.id), ())
            before, n = n, min(2 * n, choice.among)
        while before < n:
            since, until = (case.end - each * choice.period for each in (n, before))
            yield from _windows(self._ask(about, case, choice, since, until))
            before, n = n, min(2 * n, choice.among)

    def _together(self, case: Case, choice: Choice, n: int) -> dict[tuple[str, str, str], list[_Window]]:
        """The windows of `n` periods by model, version and plan: one question for all models."""
        key = (choice.unit, case.length, case.end, n)
        if key not in self._read:
            since = case.end - n * choice.period
            rows = self._ask({"length": case.length}, case, choice, since, case.end)
            found: dict[tuple[str, str, str], list[_Window]] = {}
            models, versions = (rows[name].tolist() for name in ("model", "version"))
            for model, version, window in zip(models, versions, _windows(rows), strict=True):
                found.setdefault((model, version, window.plan), []).append(window)
            self._read[key] = found
        return self._read[key]

    def _ask(
        self, about: dict[str, str | int], case: Case, choice: Choice, since: int, until: int
    ) -> Mapping[str, NDArray[np.generic]]:
        """Rows of a span of ends, the newest first."""
        where = about | _slot(choice, case.end)
        return self._asked(where=where, since=since, until=until, order=("end",), descending=True)

    # ---- what later windows are compared with

    def _disturb(self, version: Version, case: Case) -> None:
        """Note how long an incident has lasted; forget those that no window can ask for."""
        policy = self._policies.get(version)
        incident = self._open.get(version) or (policy.incident if policy is not None else None)
        lasting = None if incident is None else Disturbed.by(incident, case.settings.trigger.of, case.end)
        known = noted(self._disturbed.pop(version, ()), lasting, case.end - reach(case.settings))
        if known:
            self._disturbed[version] = known

    def _keep(self, case: Case, *, whole: bool) -> None:
        version = _version(case)
        policy = self._policies.get(version)
        drifted = policy is not None and policy.drifted.get(case.length) == case.end
        window = _Window(case.start, case.end, case.plan.id, drifted, packing.pack(case.summary))
        if not whole or _touched(window, self._disturbed.get(version, ())):
            return
        self._fresh.setdefault((*version, case.length), []).append(window)
        self._ledger.row(
            tables.EARLIER,
            *version,
            case.length,
            moment(case.start),
            moment(case.end),
            case.end % DAY,
            case.end % WEEK,
            case.plan.id,
            drifted,
            int(case.summary.events()[0]),
            window.packed,
        )


def _version(case: Case) -> Version:
    return case.plan.model, case.version


def _about(case: Case) -> dict[str, str | int]:
    """What all rows have in common that it may be compared with."""
    return {"model": case.plan.model, "version": case.version, "length": case.length, "plan": case.plan.id}


def _same(window: _Window, case: Case, choice: Choice) -> bool:
    """Whether a window is counted in the same grid, not too old, and at the same time."""
    back = case.end - window.end
    return window.plan == case.plan.id and not back % choice.period and 0 < back <= choice.among * choice.period


def _slot(choice: Choice, end: int) -> dict[str, str | int]:
    """What else the rows of a choice have in common."""
    slots = {"window": {}, "day": {"of_day": end % DAY}, "week": {"of_week": end % WEEK}}
    return dict(slots[choice.unit])


def _windows(rows: Mapping[str, NDArray[np.generic]]) -> list[_Window]:
    starts, ends = (tables.to_ns(rows[name]).tolist() for name in ("start", "end"))
    others = (rows[name].tolist() for name in ("plan", "drifted", "summary"))
    return [_Window(*row) for row in zip(starts, ends, *others, strict=True)]


def _calm(window: _Window, case: Case, disturbed: Collection[Disturbed]) -> bool:
    """Whether a window is part of no incident, nor can be: what drifted waits until k of n cannot have it any more."""
    waits = window.drifted and case.end < window.end + case.settings.trigger.of * case.length
    return not waits and not _touched(window, disturbed)


def _touched(window: _Window, disturbed: Collection[Disturbed]) -> bool:
    return any(one.touches(window.start, window.end, drifted=window.drifted) for one in disturbed)


def _told(case: Case, choice: Choice, found: Sequence[_Window]) -> str:
    """A choice in words: how many windows out of how many."""
    oldest = min((window.end for window in found), default=case.end)
    back = (case.end - oldest) // choice.period
    return told(choice, case.length, len(found), back if len(found) == choice.n else max(back, choice.n))
