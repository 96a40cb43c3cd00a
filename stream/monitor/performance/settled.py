"""What the policy sees of a window when it has enough labels: its metrics, its segments, and the gaps of its groups."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stream.config.settings import Model
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import Noticed, noticed_window
from stream.monitor.labels.called import Key
from stream.monitor.performance import fairness
from stream.monitor.performance.gathered import Gathered
from stream.monitor.performance.groups import weakest_of
from stream.monitor.performance.standards import DETECTOR
from stream.policy.sightings import Series


def settled(  # noqa: PLR0913, PLR0917 - all that is known of it
    key: Key,
    at: int,
    model: Model,
    found: Gathered,
    coverage: float,
    worse: Sequence[Finding],
    judged: Sequence[Series],
    gaps: Sequence[fairness.Treated],
) -> Iterator[Noticed]:
    """A window once: by performance, of which `judged` are series that are well, and by fairness."""
    name, version, length, end = key
    about = ((name, version), at, (length, end))
    every = [*worse, *weakest_of(key, model, found)]
    yield replace(noticed_window(*about, judged, every, DETECTOR), coverage=coverage)
    if gaps:
        series = [(one.field, f"{fairness.DETECTOR}:{metric}") for one in gaps for metric in one.judged.gaps]
        wide = [each for one in gaps for each in fairness.findings(one)]
        yield noticed_window(*about, series, wide, fairness.DETECTOR)
