"""A feature's distribution is what its panes counted, beside what its reference counted."""

import pytest

from detectors.packing import unpack
from sinks.commit import PANES, PLANS
from stream.config.settings import HOUR, MINUTE
from stream.plan import Plan
from stream.web.page.distribution import Distribution, distribution
from tests.stream.rules.story import CONFIGURATION, FIRST, Story, crowd, moment
from tests.stream.web.seeded import DRIFTING, N_PANE, NUMERIC, PANE, WELL, seeded_store

KEY = ("3", "")


@pytest.mark.parametrize(("length", "panes"), [(PANE, 1), (HOUR, 12)])
def test_a_window_is_the_sum_of_its_panes(length: int, panes: int) -> None:
    """Each share is that of the counts of exactly the window's panes."""
    store = seeded_store()
    (body,) = store.select(PLANS, where={"model": WELL})["body"]
    plan = Plan.load(body)
    rows = store.select(PANES, where={"model": WELL})
    last = len(rows["end"]) if length == PANE else 36  # the last whole hour of the story ends with the 36th pane
    counts = sum(unpack(plan.grid, packed).counts[0] for packed in rows["summary"][last - panes : last])
    column = plan.grid.columns.index("country")
    cells = counts[plan.grid.offsets[column] : plan.grid.offsets[column] + 5]
    found = distribution(store, WELL, *KEY, "country", length)
    assert (tuple((cells / cells.sum()).tolist()), panes * N_PANE) == (found.observed, found.n)


@pytest.mark.parametrize("feature", [*NUMERIC, "country"])
def test_both_sides_sum_to_one(feature: str) -> None:
    """Nothing that was counted falls between the cells."""
    found = distribution(seeded_store(), DRIFTING, *KEY, feature, PANE)
    assert (1.0, 1.0, len(found.cells)) == (
        round(sum(found.expected), 9),
        round(sum(found.observed), 9),
        len(found.observed),
    )


def test_a_planted_change_is_seen_in_the_last_cells() -> None:
    """Amounts ten times too large leave most of the reference's range empty."""
    found = distribution(seeded_store(), DRIFTING, *KEY, "amount", PANE)
    upper = [sum(side[-3:]) for side in (found.expected, found.observed)]
    assert [upper[0] < 0.1, upper[1] > 0.5] == [True, True]


@pytest.mark.parametrize(
    ("model", "version", "segment", "feature"),
    [("nobody", "3", "", "amount"), (WELL, "9", "", "amount"), (WELL, "3", "site=x", "amount"), (WELL, "3", "", "x")],
)
def test_what_nobody_counted_is_empty(model: str, version: str, segment: str, feature: str) -> None:
    """An unknown name gives an empty distribution, not an error."""
    assert Distribution() == distribution(seeded_store(), model, version, segment, feature, PANE)


def test_a_moving_reference_is_drawn_as_it_was_for_that_window() -> None:
    """The two minutes before the last one, of each segment; where they are gone, the cells' own, with a word."""
    story = Story(CONFIGURATION.replace("shop: {}", "shop: {reference: {previous: 2}, segments: [country]}"))
    for minute in range(5):
        story.publish(FIRST, *crowd(minute + 0.5, 90 + 10 * minute))
    story.read().end()
    (body,) = story.store.select(PLANS)["body"]
    plan = Plan.load(body)
    rows = story.store.select(PANES, order=("end",))["summary"]
    column = plan.grid.columns.index("amount")
    cells = slice(plan.grid.offsets[column], plan.grid.offsets[column + 1] - 1)
    for segment in ("", "country=FR"):
        row = plan.rows.index(segment)
        before = sum(unpack(plan.grid, packed).counts[row, cells] for packed in rows[2:4])
        found = distribution(story.store, "shop", "1", segment, "amount", MINUTE)
        shown = before[: len(found.cells)]
        assert found.source.startswith("the last 2 windows, 230 events")
        assert pytest.approx(tuple(shown / before.sum())) == found.expected
    story.store.forget({"earlier": moment(10)}, {})
    forgotten = distribution(story.store, "shop", "1", "", "amount", MINUTE)
    assert forgotten.source.endswith("; the verdict is about the last 2 windows, 230 events")
    assert forgotten.expected != found.expected
