"""A policy driven by hand: windows of series that drifted, or did not, or of which nobody knows."""

from collections.abc import Sequence

import numpy as np

from stream.config.settings import Model, Trigger
from stream.policy import Book, Event, Policy, Seen, Sighting, book
from stream.policy.incidents import Incident, Moment

KINDS = frozenset(("drift", "prediction_drift", "quality"))


def rules(trigger: Trigger) -> Book:
    """The default rules with a trigger."""
    return book(Model(trigger=trigger))


def drifting(
    length: int, end: int, drifted: Sequence[bool], known: Sequence[bool] | None = None, plan: str = "plan"
) -> Seen:
    """A window of one segment; its features are numbered."""
    some = np.flatnonzero(drifted).tolist()
    unknown = set() if known is None else {("", f"f{i}") for i, each in enumerate(known) if not each}
    found = tuple(Sighting(("drift",), "", f"f{i}", "verdict", length) for i in some)
    return Seen(KINDS, end, length, end, found, lambda series: series not in unknown, plan)


def named(incident: Incident) -> str:
    """A trigger's id."""
    return f"trigger {incident.opened}"


def step(policy: Policy, ruling: Book, *seen: Seen, suppressed: str = "") -> tuple[Policy, tuple[Event, ...]]:
    """All windows of one end, and what the policy decides then."""
    fresh = {}
    for one in seen:
        policy, found = policy.observe(ruling, one)
        for leaf, some in found.items():
            fresh[leaf] = (*fresh.get(leaf, ()), *some)
    at = seen[0].at
    moment = Moment(at, {one.length for one in seen}, f"incident {at}", named, suppressed)
    return policy.decide(ruling, ruling.rules, fresh, moment)
