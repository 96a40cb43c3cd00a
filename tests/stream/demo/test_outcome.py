"""The judgement of a performance: found in time, claimed without reason."""

import pytest

from stream.demo.changes import CHANGES
from stream.demo.outcome import Outcome, Told, judge, spelled
from stream.demo.world import HOUR_MS, START_MS, World

WORLD = World()


def told(model: str, feature: str, begin_h: float, end_h: float) -> Told:
    """A finding of a window between two hours of the story."""
    return Told(model, START_MS + round(end_h * HOUR_MS), START_MS + round(begin_h * HOUR_MS), feature, "psi")


EVERYTHING = [told(change.model, change.feature, change.begin_h, change.begin_h + 1) for change in CHANGES]


def found(outcome: Outcome) -> list[str]:
    """The features whose change was found."""
    return [discovery.change.feature for discovery in outcome.discoveries if discovery.first is not None]


def test_all_found_and_nothing_claimed_is_good() -> None:
    """A finding within each change is enough."""
    outcome = judge(WORLD, EVERYTHING, [])
    assert [HOUR_MS] * 4 == [discovery.delay_ms for discovery in outcome.discoveries]
    assert outcome.good


def test_one_missed_change_is_not_good() -> None:
    """Whichever it is."""
    assert not any(judge(WORLD, [*EVERYTHING[:i], *EVERYTHING[i + 1 :]], []).good for i in range(4))


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
    assert expected == found(judge(WORLD, [told("fraud", "amount", begin_h, end_h)], []))


def test_another_feature_is_no_discovery() -> None:
    """The score moves with a broken feature, but the feature itself must be found."""
    assert [] == found(judge(WORLD, [told("fraud", "output:score", 32, 33)], []))


def test_the_first_finding_counts() -> None:
    """The delay is that of the earliest window; of windows that end together, of the shortest."""
    late, hour, minutes = (told("fraud", "amount", *span) for span in ((33, 34), (32, 33), (32.5, 33)))
    assert minutes == judge(WORLD, [late, hour, minutes], []).discoveries[0].first


def test_what_is_claimed_of_a_well_model_is_not_good() -> None:
    """An incident or a trigger of a model without a change fails; so does one before the first change of a model."""
    early, never, due = (
        Told(model, START_MS + hour * HOUR_MS) for model, hour in (("fraud", 30), ("support", 50), ("fraud", 33))
    )
    outcome = judge(WORLD, EVERYTHING, [early, never, due])
    assert (early, never) == outcome.claims
    assert not outcome.good


def test_a_single_finding_of_a_well_model_is_listed_and_forgiven() -> None:
    """Chance makes findings; what must not happen is that they add up to an incident."""
    stray = told("ranking", "relevance", 30, 31)
    outcome = judge(WORLD, [*EVERYTHING, stray], [])
    assert (stray,) == outcome.strays
    assert outcome.good


def test_delays_are_spelled() -> None:
    """Minutes below an hour, then hours and minutes."""
    assert ["5 min", "2 h 30 min"] == [spelled(5 * 60_000), spelled(150 * 60_000)]
