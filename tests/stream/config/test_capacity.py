"""What a load takes: the arithmetic gives back what it was measured from, and docs/scaling.md says what it gives."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from stream.config.parse import parse
from stream.config.telling.capacity import Load, Need, load, need
from stream.config.telling.estimate import Assumed
from stream.config.telling.explain import explain, explanation

TEXT = (Path(__file__).parents[3] / "docs/scaling.md").read_text(encoding="utf-8")
EVENTS, MODELS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000), (10, 100, 1_000, 10_000)
(EXAMPLE,) = re.findall(r"at the loads below:\n\n```yaml\n(.*?)```", TEXT, re.DOTALL)


def example(events: float, models: int, *, keyed: bool = False) -> Need:
    """The need of the documented configuration."""
    return need(load(parse(EXAMPLE), Assumed(models=models), events, keyed=keyed))


def measured(events: float, models: int, segment_rows: int, fields: int) -> Load:
    """The world of the bench: 28 columns, windows that nobody closes."""
    return Load(events, 600, models, models * segment_rows, fields, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("events", "one", "mb", "ms"),
    [
        (12_500, measured(12_500, 1, 1, 0), 0.00635, 0.82),
        (500, measured(500, 1, 1, 0), 0.00237, 0.62),
        (12_500, measured(12_500, 50, 14, 2), 0.821, 26.2),
        (500, measured(500, 50, 14, 2), 0.300, 18.1),
    ],
)
def test_the_model_gives_back_what_was_measured(events: float, one: Load, mb: float, ms: float) -> None:
    """One Partial per second: its size, and the milliseconds that a monitor took to add it."""
    found = need(one, 1)
    assert events == one.events_per_second
    assert mb == pytest.approx(found.partials_mb, rel=0.05)
    assert ms == pytest.approx(found.monitor_cores * 1e3, rel=0.4 if ms < 1 else 0.05)


def test_the_store_is_as_large_as_it_was_measured() -> None:
    """Fifty models in 14 segments: ten days of which four hours have events took 170 to 265 MB."""
    file = "store: {keep: 10d}\nlimits: {segments: 50}\ndefaults: {windows: [5m, 1h, 1d], segments: [site]}"
    whole_days = need(load(parse(file), Assumed(models=50, features=24, segment_values=13), 1)).store_gb
    assert 0.170 < whole_days * 4 / 24 < 0.265


@pytest.mark.parametrize("models", MODELS)
@pytest.mark.parametrize("keyed", [False, True])
def test_more_events_need_no_less(models: int, keyed: bool) -> None:
    """Of anything; and no worker is left without a partition."""
    needs = [example(events, models, keyed=keyed) for events in EVENTS]
    for less, more in pairwise(needs):
        assert less.workers <= more.workers
        assert less.partitions <= more.partitions
        assert less.brokers_mb < more.brokers_mb
        assert less.worker_cores < more.worker_cores
        assert less.partials_mb <= more.partials_mb
    assert all(each.workers <= each.partitions for each in needs)


def test_a_key_never_costs() -> None:
    """A model on one partition is in fewer Partials."""
    for events in EVENTS:
        for models in MODELS:
            spread, keyed = (example(events, models, keyed=either) for either in (False, True))
            assert keyed.workers <= spread.workers
            assert keyed.monitor_cores <= spread.monitor_cores * 1.05


def row(events: int, models: int) -> str:
    """A line of the documented table."""
    spread, keyed = (example(events, models, keyed=either) for either in (False, True))
    cells = [
        f"{events:,}",
        f"{models:,}",
        f"{spread.workers:,} / {keyed.workers:,}",
        f"{spread.monitor_cores:,.2f} / {keyed.monitor_cores:,.2f}",
        f"{spread.partials_mb:,.0f} / {keyed.partials_mb:,.0f}",
        f"{spread.brokers_mb:,.0f} / {keyed.brokers_mb:,.0f}",
        f"{spread.store_gb:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def test_the_documented_table_is_what_the_model_gives() -> None:
    """Every line of it, and no other."""
    found = [line for line in TEXT.splitlines() if re.match(r"\| [\d,]+ \| [\d,]+ \|", line)]
    assert [row(events, models) for models in MODELS for events in EVENTS] == found


def test_a_load_is_said_in_words() -> None:
    """By `driftline check --events-per-second`; without one, nothing is said of it."""
    settings = parse(EXAMPLE)
    said = explain(explanation(settings, Assumed(models=1_000), 100_000))
    assert "At 100,000 events per second" in said
    assert "more than one monitor has" in said
    assert "events per second" not in explain(explanation(settings))
