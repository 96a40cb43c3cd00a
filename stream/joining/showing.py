"""Whose inputs are kept until labels come, so that these teach what is right for which inputs: a version's first ones.

It follows from the roster and from an event's id and pane, so every run keeps the same.
"""

from typing import Final

import numpy as np

from detectors.importance import COLUMNS_MAX
from stream.config.settings import DAY, Output
from stream.events import Ints
from stream.joining.spoken import RANKING, kind_of
from stream.plan import Plan
from stream.roster import FUTURE, Entry
from stream.taught.weighting import inputs

ONE_IN: Final = 8  # ids, by bits of their hash that no rate goes by; with 24 features each is some 40 bytes in the file
FRESH: Final = 90 * DAY  # of a version or a plan: afterwards nothing is kept, enough or not


def shown(check: Ints) -> Ints:
    """The places of the ids whose inputs may be kept, by halves of their hashes, (n,)."""
    return np.flatnonzero(check & (ONE_IN - 1) == 0)


def shown_at(entry: Entry, version: str, start: int) -> bool:
    """Whether inputs of a version are kept in the pane that begins then."""
    plan, since = entry.plan_at(start), entry.versions.get(version, FUTURE)
    if plan is None:
        return False
    fresh = since > start or start < max(since, plan.since) + FRESH  # what holds later, nobody may know yet
    return fresh and shows(entry.settings.output, plan)


def shows(output: Output, plan: Plan) -> bool:
    """Whether labels of the stream can teach what those of a plan's reference do not."""
    taught = plan.truth is not None and plan.truth.labelled is not None
    return not taught and 0 < len(inputs(plan)) <= COLUMNS_MAX and kind_of(output, plan) != RANKING
