"""How a feature is distributed in its newest window, beside its reference, in the cells it is counted in."""

from datetime import datetime

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from detectors.packing import unpack
from sinks.commit import COMPARED, EARLIER, PANES, PLANS, WINDOWS, Store, to_ns
from stream.plan import Plan
from stream.web.times import moments

Counts = NDArray[np.int64]


class Distribution(Struct, frozen=True):
    """Shares per cell; each of `expected` and `observed` sums to 1, or is empty where nothing is known.

    `expected` is what the window was compared with, and `source` says what that is. Where earlier windows are gone, or
    were too few, it is what the cells were made of, and `source` says both. `end` is the end of the observed window,
    `n` its values.
    """

    cells: tuple[str, ...] = ()
    expected: tuple[float, ...] = ()
    observed: tuple[float, ...] = ()
    end: datetime | None = None
    n: int = 0
    source: str = ""


def distribution(  # noqa: PLR0913, PLR0917 - a window is named by all of these
    store: Store, model: str, version: str, segment: str, feature: str, length: int
) -> Distribution:
    """The feature's distribution in the newest window of this key; an empty one where there is no such window."""
    key: dict[str, str | int] = {"model": model, "version": version, "segment": segment}
    windows = store.select(WINDOWS, where={**key, "length": length}, order=("end",), descending=True, limit=1)
    plan = _plan(store, *windows["plan"].tolist())
    if plan is None or feature not in plan.grid.columns:
        return Distribution()
    start, end = (int(to_ns(windows[name])[0]) for name in ("start", "end"))
    of_model = {"model": model, "version": version, "plan": plan.id}
    panes = store.select(PANES, where=of_model, since=start + 1, until=end + 1)
    observed = _none(plan)
    if segment in plan.rows:
        row = plan.rows.index(segment)
        observed = sum((unpack(plan.grid, packed).counts[row] for packed in panes["summary"]), observed)
    source, compared_with = plan.source_for(version), str(windows["reference"][0])
    expected = _reference(plan, segment)
    if compared_with and compared_with != source:
        earlier = _earlier(store, plan, {"model": model, "version": version, "length": length}, end)
        source = compared_with if earlier else f"{source}; the verdict is about {compared_with}"
        if earlier and segment in plan.rows:
            row = plan.rows.index(segment)
            expected = sum((each[row] for each in earlier), _none(plan))
    return replace(_compared(plan, feature, expected, observed, moments(windows["end"])[0]), source=source)


def _plan(store: Store, name: str = "") -> Plan | None:
    """The plan of a window; None where its panes have several."""
    bodies: list[bytes] = store.select(PLANS, where={"id": name})["body"].tolist() if name else []
    return Plan.load(bodies[0]) if bodies else None


def _reference(plan: Plan, segment: str) -> Counts:
    """The reference of a segment, (cells of all columns,); zeros for a value that the plan does not know."""
    if segment not in plan.rows:
        return _none(plan)
    counts: Counts = plan.reference.counts[plan.rows.index(segment)]
    return counts


def _earlier(store: Store, plan: Plan, key: dict[str, str | int], end: int) -> list[Counts]:
    """The windows that one was compared with, (rows, cells of all columns) each; none where one of them is gone."""
    told = store.select(COMPARED, where={**key, "plan": plan.id}, since=end, until=end + 1)["ends"].tolist()
    ends = np.frombuffer(told[0], "<i8").tolist() if told else []
    if not ends:
        return []
    rows = store.select(EARLIER, where={**key, "plan": plan.id}, since=ends[0], until=ends[-1] + 1)
    wanted = np.isin(to_ns(rows["end"]), ends)
    found = [unpack(plan.grid, packed).counts for packed in rows["summary"][wanted]]
    return found if len(found) == len(ends) else []


def _none(plan: Plan) -> Counts:
    return np.zeros(plan.grid.offsets[-1], np.int64)


def _compared(plan: Plan, feature: str, expected: Counts, observed: Counts, end: datetime) -> Distribution:
    """One column of both sides, without absent values; special cells nobody fills are not shown."""
    column = plan.grid.columns.index(feature)
    cells = slice(plan.grid.offsets[column], plan.grid.offsets[column + 1] - 1)  # the last one is absent
    both = expected[cells], observed[cells]
    shown = (both[0] + both[1] > 0) | (np.arange(len(both[0])) < plan.grid.regular[column])
    names = np.array(plan.grid.cell_names(feature)[:-1], np.object_)[shown]
    shares = [tuple((side / side.sum())[shown].tolist()) if side.sum() else () for side in both]
    return Distribution(tuple(names), shares[0], shares[1], end, int(both[1].sum()), plan.source)
