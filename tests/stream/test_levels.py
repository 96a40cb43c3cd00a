"""The level of a window's series: who shares the budget of false triggers, and who does not."""

import numpy as np
import pytest

from stream import reference
from stream.config.settings import HOUR, Limits, Model
from stream.monitor.verdicts.levels import of_rows
from stream.plan import SERVED, Plan
from tests.stream.encodings.worlds import written


def planned(*segments: str, **said: object) -> Plan:
    """A plan of events that say something more."""
    more = {"latency_ms": None, "status": None, **said}
    events = [written(features={"amount": i, "n": i % 7}, segments={"site": "ab"[i % 2]}, **more) for i in range(300)]
    settings = Model(segments=segments)
    return reference.plan("fraud", reference.from_events(events), settings, Limits(), since=0, source="here")


@pytest.mark.parametrize("segments", [(), ("site",)])
def test_how_a_service_answers_takes_no_share_of_the_budget(segments: tuple[str, ...]) -> None:
    """It asks for no retraining, whatever it does, so features are judged as if it were not watched."""
    served, silent = planned(*segments, latency_ms=12.5, status="ok"), planned(*segments)
    assert {*served.grid.columns} - {*silent.grid.columns} == SERVED
    rows, events = np.arange(len(silent.rows)), np.full(len(silent.rows), 1_000)
    levels = [
        of_rows(Model(segments=segments), HOUR, plan, plan.n_reference, events, rows) for plan in (served, silent)
    ]
    assert levels[0].tolist() == levels[1].tolist()
