"""What makes the table of docs/honesty.md quick leaves nothing out (`python -m tests.honesty.incidents`)."""

from pathlib import Path

import numpy as np
import pytest

from detectors.budgets import MOST
from detectors.verdict import Spread, judge
from stream.config.settings import Trigger
from stream.policy import Policy
from tests.honesty import drift_worlds as worlds
from tests.honesty.drift_page import Measured, document, outside
from tests.honesty.drift_rows import ROWS
from tests.honesty.incidents import add, digest, incidents, read
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
@pytest.mark.parametrize("often", [0.03, 0.2])
def test_incidents_are_those_of_the_policy_told_every_window(trigger: Trigger, often: float) -> None:
    """Of features that are unknown now and then, as the policy has it."""
    rng = np.random.default_rng(1)
    known = rng.random((3_000, 4)) < 0.8
    drifted = (rng.random((3_000, 4)) < often) & known
    policy, opened, ruling = Policy(), 0, rules(trigger)
    for end, (row, some) in enumerate(zip(drifted, known, strict=True)):
        policy, happened = step(policy, ruling, drifting(1, end, row, some))
        opened += sum(each.state == "opened" for each in happened)
    assert opened == incidents(drifted, trigger, known) > 5


def test_rows_of_other_code_or_seeds_are_measured_again(tmp_path: Path) -> None:
    """And those of this code are not."""
    found = Measured([[1.0, 0.5]], [[0.1, 0.2]], [[0.01, 0.02]], 0.25, 3.0)
    add(tmp_path / "rows", 3, found)
    assert read(tmp_path / "rows") == {3: found}
    (tmp_path / "rows").write_bytes((tmp_path / "rows").read_bytes().replace(digest().encode(), b"another"))
    assert read(tmp_path / "rows") == {}
    assert read(tmp_path / "none") == {}


def test_every_row_has_a_name_of_its_own() -> None:
    """By which it is found again; and there are at most sixty."""
    assert len({row.key for row in ROWS}) == len(ROWS) <= 60


def test_a_ratio_is_marked_where_it_is_surely_outside_and_too_few_only_where_they_were_promised() -> None:
    """Of 0.2 and 0.6, the first below; a capped level, or a row where fewer are right, tells nothing."""
    few = Measured([[0.2, 0.6], [1.9, 1.6]], [[0.05, 0.05], [0.1, 0.1]], [[0.01, 0.01], [0.01, 0.01]], 0.02, 1.0)
    row = ROWS[0]
    assert outside(row, few).tolist() == [[True, False], [True, False]]
    assert outside(row._replace(at_most=True), few).tolist() == [[False, False], [True, False]]
    capped = few._replace(level=[[MOST, 0.01], [0.01, 0.01]])
    assert outside(row, capped).tolist() == [[False, False], [True, False]]
    assert "0.20 ± 0.10 **!** | 0.60 ± 0.10 | 1.90 ± 0.20 **!** | 1.60 ± 0.20 | 2% |" in document([(row, few)])
