"""What makes the table of docs/honesty.md quick leaves nothing out (`python -m tests.honesty.incidents`)."""

import numpy as np
import pytest

from detectors.verdict import Spread, judge
from stream.config.settings import Trigger
from stream.policy import Policy
from tests.honesty import drift_worlds as worlds
from tests.honesty.incidents import incidents
from tests.honesty.suspicion import suspects
from tests.policies import drifting, rules, step


@pytest.mark.parametrize(
    ("world", "on_line", "n", "m"),
    [
        (worlds.independent(worlds.QUANTILES), worlds.LINE, 50, 500),
        (worlds.independent(worlds.ZEROS), 25, 500, 20_000),
        (worlds.independent(worlds.categories(3)), 0, 50, 500),
        (worlds.following(0.0, 0.0, 5, 0.9), worlds.LINE, 100, 6_000),
    ],
)
@pytest.mark.parametrize("level", [0.02, 0.001])
def test_whatever_alarms_is_suspected(world: worlds.World, on_line: int, n: int, m: int, level: float) -> None:
    """Eight references, two features, 200 windows of each."""
    alarms = 0
    for seed in range(8):
        panes, draw = world(np.random.default_rng(seed), 2, m)
        line = np.broadcast_to(np.arange(panes.shape[2]) < on_line, panes.shape[1:])
        spread, expected, observed = Spread.learn(panes, line), panes.sum(axis=0), draw(200, n)
        which = np.tile(np.arange(2), 200)
        every = observed.reshape(-1, panes.shape[2])
        drifted = judge(expected[which], every, line[which], 0.0, spread.take(which)).p.reshape(200, 2) <= level
        assert not (drifted & ~suspects(expected, observed, on_line, level, spread)).any()
        alarms += int(drifted.sum())
    assert alarms > 0


@pytest.mark.parametrize("trigger", [Trigger(windows=1, of=1), Trigger(windows=2, of=3)])
def test_incidents_are_those_of_the_policy_told_every_window(trigger: Trigger) -> None:
    """Quiet windows are left out only where they change nothing."""
    drifted = np.random.default_rng(1).random((3_000, 4)) < 0.03
    policy, opened, ruling = Policy(), 0, rules(trigger)
    for end, row in enumerate(drifted):
        policy, happened = step(policy, ruling, drifting(1, end, row))
        opened += sum(each.state == "opened" for each in happened)
    assert opened == incidents(drifted, trigger) > 5
