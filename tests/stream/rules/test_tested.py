"""Two-sample tests of windows: equal to SciPy on the events that they name, and the same however the log is read."""

import json

import numpy as np
import pytest
from scipy import stats

from detectors.multivariate import TOGETHER
from detectors.two_sample import CATEGORIES, VALUES
from sinks import commit as tables
from stream.monitor.verdicts.tested import DETECTOR
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, event

EVERY = f"tests: [{', '.join((*VALUES, *CATEGORIES))}], together: [{', '.join(TOGETHER)}], sample: 300"
SMALL = "tests: [ks], sample: 60"
MINUTE = 60_000_000_000


def asked(drift: str) -> str:
    """A shop with these tests."""
    return CONFIGURATION.replace("shop: {}", f"shop: {{drift: {{{drift}}}}}")


def told(configuration: str, n: int = 120, minutes: int = 6) -> Story:
    """Some minutes of a shop whose amounts rise by twenty; one is beyond all bounds, and some are none."""
    story = Story(configuration)
    for minute in range(minutes):
        for seed in range(n):
            fresh = json.loads(event(minute, seed=seed))["features"]
            amount = 1e300 if (minute, seed) == (2, 7) else fresh["amount"] + 20 * (minute > 2)
            story.publish(FIRST, event(minute, seed=seed, features=fresh | {"amount": None if seed == 3 else amount}))
    return story.read().end()


@pytest.fixture(scope="module")
def story() -> Story:
    """With all tests."""
    return told(asked(EVERY))


def amounts(minute: int, n: int = 120) -> np.ndarray:
    """What the events of a minute have."""
    fresh = [json.loads(event(minute, seed=seed))["features"]["amount"] for seed in range(n) if seed != 3]
    return np.array(fresh) + 20 * (minute > 2)


def test_a_test_is_scipy_s(story: Story) -> None:
    """Where the sample holds the whole window: on the very values."""
    reference = np.frombuffer(story.rows(tables.REFERENCE_ROWS)[0]["values"])
    rows = story.rows(tables.TESTED)
    for minute in (1, 4):
        mine = {row["test"]: row for row in rows if row["feature"] == "amount" and row["end"] == minute + 1
                and row["length"] == MINUTE}  # fmt: skip
        assert set(VALUES) == set(mine)
        ks = stats.ks_2samp(reference, amounts(minute), method="asymp")
        np.testing.assert_allclose([mine["ks"]["statistic"], mine["ks"]["p"]], [ks.statistic, ks.pvalue], rtol=1e-9)
        welch = stats.ttest_ind(amounts(minute), reference, equal_var=False)
        np.testing.assert_allclose(mine["welch"]["p"], welch.pvalue, rtol=1e-6)
        assert (119, len(reference)) == (mine["ks"]["n"], mine["ks"]["n_reference"])


def test_what_rose_is_seen(story: Story) -> None:
    """By each of them, before and after."""
    chance = {(row["test"], row["end"]): row["p"] for row in story.rows(tables.TESTED) if row["feature"] == "amount"
              and row["length"] == MINUTE}  # fmt: skip
    assert all(chance[test, 2] > 0.01 > chance[test, 5] for test in VALUES)


def test_categories_are_tested_on_all_events(story: Story) -> None:
    """No sample is drawn of what is counted anyway."""
    rows = [row for row in story.rows(tables.TESTED) if row["feature"] == "country" and row["length"] == 5 * MINUTE]
    assert {600} == {row["n"] for row in rows if row["end"] == 5}
    assert set(CATEGORIES) == {row["test"] for row in rows}


def test_nobody_is_tested_who_did_not_ask() -> None:
    """Nothing is drawn, and all other rows are the same."""
    plain, tested = told(CONFIGURATION, 30), told(asked(SMALL), 30)
    assert not any(plain.rows(table) for table in (tables.TESTED, tables.DRAWN, tables.REFERENCE_ROWS))
    assert [row["psi"] for row in tested.rows(tables.DRIFT)] == [row["psi"] for row in plain.rows(tables.DRIFT)]
    assert [] == [row for row in tested.rows(tables.FINDINGS) if row["detector"] == DETECTOR]


def test_a_limit_makes_findings_and_no_incident() -> None:
    """Of what surely exceeds it."""
    free, limited = told(asked(SMALL), 60), told(asked(f"{SMALL}, findings: {{ks: 0.5}}"), 60)
    found = [row for row in limited.rows(tables.FINDINGS) if row["detector"] == DETECTOR]
    assert {("tested:ks:amount", end) for end in (4, 5, 6)} == {(row["feature"], row["end"]) for row in found
                                                                 if row["length"] == MINUTE}  # fmt: skip
    assert all(row["value"] > row["limit"] == 0.5 and row["incident"] == "" for row in found)
    for table in (tables.INCIDENTS, tables.TRIGGERS):
        assert len(free.rows(table)) == len(limited.rows(table))


@pytest.mark.parametrize("drift", [EVERY, SMALL])
def test_rows_do_not_depend_on_crashes(drift: str) -> None:
    """Nor on how the log was cut: the sample of a window is found again."""
    whole = told(asked(drift))
    again = Story(asked(drift))
    again.log = whole.log
    for upto in (100, 250, 300, 500):
        again.read(batch=7, upto=upto).commit().crash()
    again.read(batch=50).end()
    assert whole.results() == again.results()


def test_a_window_keeps_so_many_events_and_no_more() -> None:
    """Those with the smallest hashes of all of its panes, of which little is stored."""
    story = told(asked(SMALL))
    assert {59, 60} == {row["n"] for row in story.rows(tables.TESTED)}  # one of them may be nothing
    stored = [len(row["hashes"]) // 8 for row in story.rows(tables.DRAWN)]
    assert 60 == stored[0]
    assert sum(stored[1:4]) < 4 * 60 * 0.7


def test_windows_that_slide_are_tested_at_whole_multiples_of_their_length() -> None:
    """As those are that do not slide, row by row, though pieces come and go; whatever is read again after a crash."""
    text = asked(EVERY.replace("300", "100"))
    plain, slid = (text.replace("[1m, 5m]", windows) for windows in ("[1m, 4m]", "[1m, {length: 4m, every: 2m}]"))
    expected = told(plain, 60, 9)
    found, again = told(slid, 60, 9), Story(slid)
    again.log = expected.log
    for upto in (50, 130, 190, 260, 330, 400, 470):
        again.read(batch=11, upto=upto).commit().crash()
    again.read(batch=50).end()
    assert {4.0, 8.0, 12.0} == {row["end"] for row in found.rows(tables.TESTED) if row["length"] == 4 * MINUTE}
    assert expected.rows(tables.TESTED) == found.rows(tables.TESTED)
    assert found.results() == again.results()
