"""Who is watched, and which plan holds from which pane on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream import reference
from stream.config.settings import Limits, Model
from stream.events import NEVER
from stream.plan import Plan
from stream.roster import FUTURE, Roster

PLAN = reference.plan(
    "shop",
    reference.from_events([b'{"features": {"amount": %d}}' % i for i in range(50)]),
    Model(),
    Limits(),
    since=NEVER,
    source="test",
)


def planned(*since: int) -> Roster:
    """A roster of one model with plans that hold from these moments on, adopted in this order."""
    roster = Roster().admit("shop", Model(), "")
    for start in since:
        roster = roster.plan(replace(PLAN, since=start), f"basis {start}")
    return roster


def held(roster: Roster) -> list[int]:
    """From when the plans of the model hold."""
    entry = roster.get("shop")
    assert entry is not None
    return [plan.since for plan in entry.plans]


@given(st.lists(st.integers(0, 50), unique=True, max_size=6).map(sorted), st.integers(-5, 60))
def test_a_pane_has_the_newest_plan_that_holds_by_its_start(since: list[int], start: int) -> None:
    """None before the first."""
    entry = planned(*since).get("shop")
    assert entry is not None
    plan = entry.plan_at(start)
    assert max((one for one in since if one <= start), default=None) == (plan.since if plan is not None else None)
    assert (since[0] if since else FUTURE) == entry.planned_from


def test_a_plan_that_was_to_hold_later_never_will() -> None:
    """What is decided last holds from its T on, whatever had been decided for then."""
    assert [10, 20] == held(planned(10, 30, 20))
    assert [10, 20] == held(planned(10, 20, 20))
    assert "basis 20" == planned(10, 30, 20).entries[0].basis


@given(st.lists(st.integers(0, 50), unique=True, max_size=6).map(sorted), st.integers(0, 60), st.integers(0, 60))
def test_plans_that_no_pane_can_ask_for_go(since: list[int], oldest: int, later: int) -> None:
    """Every pane from then on has the plan that it had."""
    before = planned(*since)
    after = before.without_plans_before(lambda _: oldest)
    start = oldest + later
    assert before.entries[0].plan_at(start) is after.entries[0].plan_at(start)
    assert len(held(after)) <= 1 + sum(one > oldest for one in since)


def test_nothing_to_forget_is_the_same_roster() -> None:
    """Whoever holds it need not make a schema anew."""
    roster = planned(10, 20)
    assert roster is roster.without_plans_before(lambda _: 15)


def test_a_version_has_rows_of_its_own_from_its_admission_on() -> None:
    """Earlier ones are those of a version that is not admitted."""
    entry = planned(10).admit_version("shop", "2", 30).entries[0]
    assert [None, "2", "2"] == [entry.slot_at("2", start) for start in (29, 30, 31)]
    assert entry.slot_at("3", 31) is None


def test_models_keep_their_index() -> None:
    """Events carry it: an admission comes last, and nobody is admitted twice."""
    roster = planned(10).admit("bakery", Model(), "", 40)
    assert {"shop": 0, "bakery": 1} == roster.index
    assert roster.get("nobody") is None
    with pytest.raises(AssertionError, match="shop"):
        roster.admit("shop", Model(), "")


def test_a_plan_is_found_again_by_its_bytes() -> None:
    """The same plan has the same bytes and the same id; another start is another plan."""
    again = Plan.load(PLAN.body)
    assert (PLAN.body, PLAN.id, PLAN.rows, PLAN.since) == (again.body, again.id, again.rows, again.since)
    assert PLAN.id != replace(PLAN, since=10).id
    assert np.array_equal(PLAN.reference.counts, again.reference.counts)
    assert PLAN.grid.cell_names("amount") == again.grid.cell_names("amount")
