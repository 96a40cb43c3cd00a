"""Rates of a sample of ids: what holds when, what is known when, and how they are decided."""

import random
from itertools import pairwise

import numpy as np
import pytest

from sinks.commit import HALVINGS_MAX, Unsampled, in_sample
from stream.config.settings import DAY, MINUTE
from stream.counting.windows import decided_from, window_end
from stream.joining.sampling import EVERY_ID, Rate, Schedule, share
from stream.monitor.labels.unsampled import Reach
from stream.monitor.panes.pending import Held, Pending, Span, grace, remembered

PANE, LATENESS, AHEAD = MINUTE, MINUTE, 2 * MINUTE


class Load:
    """A model whose traffic is what a test says, minute by minute, sampled by what is decided."""

    def __init__(self, limit: int, within: int = 10 * MINUTE, longest: int = 5 * MINUTE) -> None:
        self.limit, self.within, self.longest = limit, within, longest
        self.keep = remembered(within, longest)
        self.rates, self.pending = EVERY_ID, Pending(0)
        self.kept: list[int] = []  # by pane, from the beginning
        self.held: list[int] = []  # halvings of each

    def run(self, *keyed: int) -> "Load":
        """Close panes, each with so many predictions of different ids."""
        for n in keyed:
            start = len(self.kept) * PANE
            end, halvings = start + PANE, self.rates.at(start)
            kept = n >> halvings
            self.kept.append(kept)
            self.held.append(halvings)
            if n:
                self.pending = self.pending.add(end, Span(n, kept, kept << halvings), PANE, self.keep)
                soon = decided_from(end, PANE, LATENESS, AHEAD)
                later = window_end(soon + self.within, self.longest)
                self.rates = self.pending.decide(self.rates, self.limit, Held(end, soon, later, self.keep, PANE))
        return self

    @property
    def most(self) -> int:
        """How many waited at any time."""
        panes = self.keep // PANE
        return max(sum(self.kept[max(0, i - panes) : i]) for i in range(1, len(self.kept) + 1))


def test_below_the_limit_all_are_kept() -> None:
    """Nothing is decided; an eighth is left for what comes before a decision holds."""
    assert not Load(30_000).run(*[875] * 200).rates


@pytest.mark.parametrize("n", [2_000, 10_000, 300_000])
def test_a_steady_load_fills_half_of_the_limit_at_least_and_never_much_more_than_it(n: int) -> None:
    """What is read before the first decision holds is more than its share: five panes here."""
    load = Load(30_000).run(*[n] * 300)
    assert load.most <= 30_000 + 5 * n
    assert 13_000 <= sum(load.kept[-load.keep // PANE :]) <= 30_000
    assert 1 == len(load.rates.rates), "decided once"


def test_a_load_that_grows_a_hundredfold_is_met_at_once() -> None:
    """Beyond the limit is only what came before the decision held."""
    load = Load(30_000).run(*[500] * 100, *[50_000] * 100)
    assert max(load.held) == load.held[-1] >= 6
    assert sum(load.kept[-30:]) <= 30_000


def test_a_rate_rises_where_half_of_the_limit_would_do_and_not_before_labels_are_safe() -> None:
    """And not back and forth."""
    load = Load(30_000).run(*[10_000] * 60, *[400] * 120)
    falls = [(a, b) for a, b in pairwise(load.held) if b > a]
    rises = [(i, b) for i, (a, b) in enumerate(pairwise(load.held)) if b < a]
    assert (1, 0) == (len(falls), load.held[-1])
    assert all((i + 1) * PANE % load.longest == 0 for i, _ in rises), "with the longest window"
    for rate, before in zip(load.rates.rates[1:], load.rates.rates, strict=False):
        assert rate.halvings < before.halvings
        assert rate.since >= rate.decided + load.within


def test_a_load_that_swings_by_less_than_half_keeps_its_rate() -> None:
    """Day and night."""
    day = [4_000] * 15 + [2_000] * 15
    assert 1 == len(Load(30_000).run(*day * 12).rates.rates)


def test_one_id_that_comes_again_and_again_is_counted_as_what_it_stands_for() -> None:
    """Whatever the rate, all of it is kept, until it is not in the sample any more."""
    pending = Pending(0)
    for i in range(1, 11):
        pending = pending.add(i * PANE, Span(100, 100, 100 << 3), PANE, 20 * PANE)
    assert 16_000 == pending.expected(Held(10 * PANE, 14 * PANE, 30 * PANE, 20 * PANE, PANE))


@pytest.mark.parametrize("seed", range(40))
def test_no_later_decision_keeps_an_id_whose_label_was_certain_to_be_of_no_use(seed: int) -> None:
    """Law: of all panes that a label can meet none has a larger sample than was known with the label's step."""
    dice = random.Random(seed)
    within = dice.choice((1, 3, 10)) * MINUTE
    load = Load(dice.choice((50, 1_000)), within, dice.choice((1, 5, 7)) * MINUTE)
    level, least = dice.choice((10, 1_000)), []
    for _ in range(400):
        if dice.random() < 0.03:
            level = dice.choice((0, 1, 10, 200, 5_000))
        load.run(dice.randrange(level + 1))
        least.append(Reach(load.rates, within, PANE).least(len(least) * PANE + PANE))
    assert len(set(load.held)) > 2
    after, before = within // PANE, (within + grace(within)) // PANE
    for i, known in enumerate(least[:-after]):
        assert known <= min(load.held[max(0, i - before) : i + after + 1]), i
        assert known == Reach(load.rates, within, PANE).least((i + 1) * PANE), "as of its step, whenever it is asked"


@pytest.mark.parametrize("seed", range(40))
def test_what_no_question_is_about_may_go(seed: int) -> None:
    """Law: without older rates, every answer is the same from there on."""
    dice = random.Random(seed)
    load = Load(200, 3 * MINUTE)
    for _ in range(60):
        load.run(*[dice.choice((0, 5, 100, 3_000))] * dice.randrange(1, 12))
    at = dice.randrange(len(load.kept)) * PANE
    pruned = load.rates.since(at)
    assert pruned.since(at) is pruned
    for start in range(at, len(load.kept) * PANE, PANE):
        assert load.rates.at(start) == pruned.at(start)
        for decided in (start, start + 3 * PANE):
            asked = (start, start + 5 * PANE, decided)
            assert (load.rates.least(*asked), load.rates.most(*asked)) == (pruned.least(*asked), pruned.most(*asked))
    assert load.rates.in_force == load.rates.joined(pruned).in_force == pruned.joined(load.rates).in_force


@pytest.mark.parametrize("seed", range(20))
def test_labels_that_may_go_are_told_in_spans(seed: int) -> None:
    """They say of each pane what is known of it, and of no pane twice."""
    dice = random.Random(seed)
    within = dice.choice((MINUTE, 3 * MINUTE, 3 * MINUTE + 1))
    load = Load(200, within)
    for _ in range(40):
        load.run(*[dice.choice((0, 5, 100, 3_000))] * dice.randrange(1, 12))
    reach, joined = Reach(load.rates, within, PANE), len(load.kept) * PANE
    spans = list(reach.spans("shop", joined))
    for end in range(window_end(reach.first(joined) + 1, PANE), joined + PANE, PANE):
        mine = [span.halvings for span in spans if span.after < end <= span.upto]
        assert ([least] if (least := reach.least(end)) else []) == mine
    assert all(isinstance(span, Unsampled) and span.model == "shop" for span in spans)


def test_rates_of_panes_are_looked_up_all_at_once() -> None:
    """The same as one by one; before the first all ids are kept."""
    rates = Schedule((Rate(5, 10, 3), Rate(6, 30, 1), Rate(7, 20, 4), Rate(20, 40, 2)))
    starts = np.arange(0, 60, 5)
    assert [rates.at(start) for start in starts.tolist()] == rates.of(starts).tolist()
    assert [0, 0, 3, 3, 4, 4, 4, 4, 2, 2, 2, 2] == rates.of(starts).tolist()
    assert [0] * 12 == EVERY_ID.of(starts).tolist()
    assert (1, 4) == (rates.least(30, 35, decided=6), rates.least(30, 35))


def test_a_sample_is_part_of_every_larger_one_and_as_large_as_its_rate_says() -> None:
    """Of a million hashes."""
    keys = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 1_000_000)
    before = np.ones(len(keys), np.bool_)
    for halvings in range(HALVINGS_MAX + 1):
        now = in_sample(keys, halvings)
        assert not (now & ~before).any()
        expected = len(keys) * share(halvings)
        assert abs(now.sum() - expected) <= 5 * np.sqrt(expected) + 5
        before = now
    assert DAY == grace(2 * DAY)
