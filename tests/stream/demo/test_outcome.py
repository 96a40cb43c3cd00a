"""The judgement of a performance: found in time, claimed without reason."""

import pytest
from msgspec.structs import replace

from stream.demo.changes import CHANGES, FAULTS, GAPS
from stream.demo.outcome import Measured, Outcome, Retrained, Told, judge, recovery, spelled
from stream.demo.world import HOUR_MS, START_MS, World
from stream.monitor.estimates.truths import FIRST, SECOND

WORLD = World()
(FAULT,), (GAP,) = FAULTS, GAPS


def told(model: str, feature: str, begin_h: float, end_h: float) -> Told:
    """A finding of a window between two hours of the story."""
    return Told(model, START_MS + round(end_h * HOUR_MS), START_MS + round(begin_h * HOUR_MS), feature, "psi")


def accuracy(begin_h: float, end_h: float, value: float, reach: float = 0.02, model: str = "support") -> Measured:
    """How often a model was right between two hours of the story."""
    start_ms, end_ms = (START_MS + round(hour * HOUR_MS) for hour in (begin_h, end_h))
    return Measured(model, start_ms, end_ms, value, value - reach, value + reach)


FALLEN = [accuracy(24, 48, 0.85, 0.01), accuracy(49, 50, 0.9), accuracy(50, 51, 0.8), accuracy(51, 52, 0.7)]
ERRORS = told("support", "output:errors", 50, 50.5)
SLOW = replace(told("pricing", "service:latency_p95", FAULT.begin_h, FAULT.begin_h + 1), detector="service")
WORDS = "selection_rate is 0.2 in sex=m and 0.6 in sex=f: demographic_parity_ratio is surely below 0.8"
UNFAIR = replace(told("fraud", "fairness:demographic_parity_ratio", GAP.begin_h, GAP.begin_h + 1), words=WORDS)
EVERYTHING = [
    *(told(each.model, each.feature, each.begin_h, each.begin_h + 1) for each in CHANGES),
    SLOW,
    UNFAIR,
    ERRORS,
]


def found(outcome: Outcome) -> list[str]:
    """The features whose change was found."""
    return [discovery.change.feature for discovery in outcome.discoveries if discovery.first is not None]


def test_all_found_and_nothing_claimed_is_good() -> None:
    """A finding within each change is enough."""
    outcome = judge(WORLD, EVERYTHING, FALLEN, [])
    assert [HOUR_MS] * 6 == [discovery.delay_ms for discovery in outcome.discoveries]
    assert outcome.good


def test_one_missed_change_is_not_good() -> None:
    """Whichever it is."""
    assert not any(judge(WORLD, [*EVERYTHING[:i], *EVERYTHING[i + 1 :]], FALLEN, []).good for i in range(7))


@pytest.mark.parametrize(
    ("begin_h", "end_h", "expected"),
    [
        (31, 32, []),  # before it
        (31, 32.1, ["amount"]),  # the window in which it began
        (39, 42, ["amount"]),  # shortly after its end
        (39, 43, []),  # long after its end
        (40, 41, []),  # a window without it
    ],
)
def test_a_finding_counts_where_its_window_touches_the_change(
    begin_h: float, end_h: float, expected: list[str]
) -> None:
    """What is found before the change, or long after it, is no discovery."""
    assert expected == found(judge(WORLD, [told("fraud", "amount", begin_h, end_h)], FALLEN, []))


def test_another_feature_is_no_discovery() -> None:
    """The score moves with a broken feature, but the feature itself must be found."""
    assert [] == found(judge(WORLD, [told("fraud", "output:score", 32, 33)], FALLEN, []))


def test_the_first_finding_counts() -> None:
    """The delay is that of the earliest window; of windows that end together, of the shortest."""
    late, hour, minutes = (told("fraud", "amount", *span) for span in ((33, 34), (32, 33), (32.5, 33)))
    assert minutes == judge(WORLD, [late, hour, minutes], FALLEN, []).discoveries[0].first


def test_what_is_claimed_of_a_well_model_is_not_good() -> None:
    """An incident or a trigger of a model without a change fails; so does one before the first change of a model."""
    early, never, due = (
        Told(model, START_MS + hour * HOUR_MS) for model, hour in (("fraud", 30), ("support", 50), ("fraud", 33))
    )
    outcome = judge(WORLD, EVERYTHING, FALLEN, [early, never, due])
    assert (early, never) == outcome.claims
    assert not outcome.good


def test_a_single_finding_of_a_well_model_is_listed_and_forgiven() -> None:
    """Chance makes findings; what must not happen is that they add up to an incident."""
    stray = told("ranking", "relevance", 30, 31)
    outcome = judge(WORLD, [*EVERYTHING, stray], FALLEN, [])
    assert (stray,) == outcome.strays
    assert outcome.good


def test_a_fall_is_found_by_its_errors_and_seen_in_its_accuracy() -> None:
    """Its delay is that of the finding; the window has its whole interval below that of the longest one before."""
    (fall,) = judge(WORLD, EVERYTHING, FALLEN[::-1], []).falls
    assert (ERRORS, HOUR_MS // 2) == (fall.first, fall.delay_ms)
    assert (FALLEN[0], FALLEN[2]) == (fall.before, fall.after)


def test_errors_are_expected_of_the_fallen_model_alone() -> None:
    """From its fall on; what it sees and says stays as it was."""
    early, other = told("support", "output:errors", 48, 49), told("pricing", "output:errors", 51, 52)
    words = told("support", "words", 51, 52)
    assert (early, other, words) == judge(WORLD, [*EVERYTHING, early, other, words], FALLEN, []).strays
    opinions = [told("support", opinion.feature, 51, 52) for opinion in (FIRST, SECOND)]
    assert not judge(WORLD, [*EVERYTHING, *opinions], FALLEN, []).strays


@pytest.mark.parametrize(
    "told",
    [
        [],
        FALLEN[:2],  # it did not fall
        FALLEN[2:],  # nobody knows from where
        [*FALLEN[:2], accuracy(49.5, 50.5, 0.6)],  # a window that is partly before it
        [*FALLEN[:2], accuracy(50, 51, 0.83)],  # not surely
        [*FALLEN[:2], accuracy(50, 51, 0.6, model="fraud")],  # another's
    ],
)
def test_a_fall_that_nobody_can_see_is_not_good(told: list[Measured]) -> None:
    """Whatever else was found."""
    outcome = judge(WORLD, EVERYTHING, told, [])
    assert (None, False, False) == (outcome.falls[0].after, outcome.falls[0].found, outcome.good)


@pytest.mark.parametrize(
    ("begin_h", "value", "version", "left", "found"),
    [
        (57, 0.85, "2", (0, 0), True),
        (57, 0.80, "2", (0, 0), False),  # surely worse than before
        (57, 0.70, "2", (0, 0), False),  # no better than after the fall
        (57, 0.85, "1", (0, 0), False),  # another version
        (57, 0.85, "2", (1, 0), False),  # an incident is still open
        (57, 0.85, "2", (0, 1), False),  # the new version is to be trained again
    ],
)
def test_a_model_has_recovered_when_it_is_as_good_as_before(
    begin_h: float, value: float, version: str, left: tuple[int, int], found: bool
) -> None:
    """And nothing is open, and nobody asks for the new version to be trained again."""
    falls = judge(WORLD, EVERYTHING, FALLEN, []).falls
    made = Retrained("support", "2", "t", 900, START_MS + 56 * HOUR_MS)
    since = replace(accuracy(begin_h, begin_h + 1, value), version=version)
    assert found == recovery(made, falls, [*FALLEN, since], *left).found


def test_delays_are_spelled() -> None:
    """Minutes below an hour, then hours and minutes."""
    assert ["5 min", "2 h 30 min"] == [spelled(5 * 60_000), spelled(150 * 60_000)]


@pytest.mark.parametrize(
    "other",
    [
        replace(SLOW, feature="service:traffic"),
        replace(SLOW, detector="psi", feature="service:latency_ms"),  # what drifts is not what is too slow
        replace(SLOW, model="support"),
        replace(UNFAIR, words=WORDS.replace("sex=f", "sex=(other)")),  # another group
        replace(UNFAIR, feature="output:score"),
    ],
)
def test_a_fault_and_a_gap_are_found_by_what_names_them(other: Told) -> None:
    """Slow answers by the service's latencies, a gap by the group that has it."""
    kept = [each for each in EVERYTHING if each not in (SLOW, UNFAIR)]
    assert [each.feature for each in CHANGES] == found(judge(WORLD, [*kept, other], FALLEN, []))


def test_services_and_groups_that_are_well_have_strays() -> None:
    """Whatever else has begun in the model."""
    early = [replace(each, end_ms=each.end_ms - 3 * HOUR_MS) for each in (SLOW, UNFAIR)]
    assert (*early,) == judge(WORLD, [*EVERYTHING, *early], FALLEN, []).strays
