"""Charts of error rates: each matched pair moves its series once, and an alarm says that errors have become frequent.

Reynolds and Stoumbos 1999, A CUSUM chart for monitoring a proportion when inspecting continuously. The sum is
max(0, sum + error - allowance) after each pair; an alarm is a sum beyond the threshold, and starts again from 0.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct
from scipy.special import betaincinv, ndtr

from detectors.codes import Bools, Floats, Integers

GRAIN = 2**20  # an error, as an integer: sums are exact and do not depend on how pairs were cut
SURE = 0.95  # the reference's rate is below that for which the allowance is made with this chance
ODDS = 2.0  # of an error, against the reference's: the rise that is found soonest
SCORES = np.linspace(-5.0, 5.0, 41)  # at which references are averaged; nearly exact for smooth integrands
WEIGHTS = np.exp(-(SCORES**2) / 2) / np.exp(-(SCORES**2) / 2).sum()
# The mean jump beyond a threshold, in errors: 1/3 where errors are rare; where their rate is p, and p (1 - p) times so
# much more. Fitted to Markov chains of rates from 0.001 to 0.9: their run lengths are met to 4 % at the ODDS above, and
# to 9 % at 3.5.
OVERSHOOT = 1 / 3, 0.45
FLAT = 1e-4  # times a reach: below, what is left of an exponential is rounding
SLOPE_MAX = 60.0
THRESHOLD_MAX = 1e6  # errors
HALVINGS = 60  # of a bracket: to the last bits of a double


class State(Struct, frozen=True):
    """What the sums have come to, and pairs since each was last 0, (series,) each."""

    sums: Integers
    since: Integers

    def pack(self) -> list[list[int]]:
        """The state as plain lists."""
        return [self.sums.tolist(), self.since.tolist()]

    @classmethod
    def unpack(cls, packed: Sequence[Sequence[int]]) -> Self:
        """The state that `pack` gave."""
        sums, since = packed
        return cls(np.array(sums, np.int64), np.array(since, np.int64))


class Step(NamedTuple):
    """The state after some pairs, and what each of them did, (pairs,) each."""

    state: State
    alarms: Bools
    rates: Floats  # the share of errors since the sum was last 0, which is when they began; nan where it is 0


class ErrorRate(Struct, frozen=True):
    """The detector: what a pair takes off each sum, and what a sum may come to, in grains, (series,) each."""

    allowances: Integers
    thresholds: Integers

    @classmethod
    def of(
        cls, errors: Integers, n: Integers, run_lengths: Floats, tolerate: float | Floats = 0.0, odds: float = ODDS
    ) -> Self:
        """A detector that alarms falsely once in `run_lengths` pairs, (series,), in the mean over such references.

        The reference had so many errors in `n` pairs, (series,) each. A rise of the rate by `tolerate` is no change.
        """
        rates = np.minimum(_references(errors, n) + np.reshape(tolerate, (-1, 1)), 1.0 - 1 / GRAIN)
        likely = np.minimum(_quantile(errors, n, SURE) + tolerate, 1.0 - 1 / GRAIN)
        # Errors that are log(odds1 / odds0) apart in odds weigh as much as log((1 - p0) / (1 - p1)) correct pairs less.
        allowances = np.rint(np.log1p((odds - 1) * likely) / np.log(odds) * GRAIN)
        allowances = np.clip(allowances, 1, GRAIN - 1)
        thresholds = _thresholds(rates, allowances / GRAIN, run_lengths)
        return cls(allowances.astype(np.int64), np.rint(thresholds * GRAIN).astype(np.int64))

    def start(self) -> State:
        """Nothing has been seen."""
        return State(np.zeros_like(self.allowances), np.zeros_like(self.allowances))

    def step(self, state: State, series: Integers, errors: Bools) -> Step:
        """After pairs in their order, of these series, (pairs,) each. However they are cut into calls, the same.

        A pair that counts in several series is there once for each.
        """
        order = np.argsort(series, kind="stable")
        series, errors = series[order], errors[order]
        moves = np.where(errors, GRAIN, 0) - self.allowances[series]
        sums, since = state.sums.copy(), state.since.copy()
        alarms, rates = np.zeros(len(order), np.bool_), np.full(len(order), np.nan)
        left = np.arange(len(order))
        while len(left):  # each time up to the first alarm of each series; all behind an alarm are walked again
            mine = series[left]
            starts = np.flatnonzero(np.diff(mine, prepend=-1))
            walked, ages = _walk(moves[left], mine, starts, sums, since)
            above = walked > self.thresholds[mine]
            seen = _before(above, starts) == 0
            ends = starts + np.add.reduceat(seen, starts, dtype=np.int64) - 1
            sums[mine[ends]] = np.where(above[ends], 0, walked[ends])
            since[mine[ends]] = np.where(above[ends], 0, ages[ends])
            places = order[left[seen]]
            alarms[places] = above[seen]
            shares = walked / np.maximum(ages, 1) + self.allowances[mine]
            rates[places] = np.where(ages > 0, shares / GRAIN, np.nan)[seen]
            left = left[~seen]
        return Step(State(sums, since), alarms, rates)


def _walk(
    moves: Integers, series: Integers, starts: Integers, sums: Integers, since: Integers
) -> tuple[Integers, Integers]:
    """The sums after each move, and pairs since each was 0; series lie one after the other from `starts`."""
    lengths = np.diff(starts, append=len(moves))
    running: Integers = np.cumsum(moves)
    running += np.repeat(sums[series[starts]] + moves[starts] - running[starts], lengths)
    # max(0, sum + move) unrolled: the running sum minus its running minimum. Each series is laid below the one before,
    # so that one running minimum does for all.
    span = int(np.ptp(running)) + 1
    assert span * len(starts) < 2**62, "too many pairs at a time"
    depths = np.repeat(np.arange(len(starts)) * span, lengths)
    walked = running - np.minimum(np.minimum.accumulate(running - depths) + depths, 0)
    places = np.arange(len(moves))
    first = np.repeat(starts, lengths)
    zero = np.maximum.accumulate(np.where(walked == 0, places, -1))
    return walked, np.where(zero < first, places - first + 1 + since[series], places - zero)


def _before(above: Bools, starts: Integers) -> Integers:
    """How many alarms each series had before each move."""
    running: Integers = np.cumsum(above) - above
    return np.asarray(running - np.repeat(running[starts], np.diff(starts, append=len(above))))


def _references(errors: Integers, n: Integers) -> Floats:
    """Rates that the reference may have been drawn from, each as likely as its of WEIGHTS, (series, scores)."""
    return _quantile(errors[:, None], n[:, None], ndtr(SCORES))


def _quantile(errors: Integers, n: Integers, level: float | Floats) -> Floats:
    """The rate below which the reference's true one lies with this chance, by Jeffreys' prior. Any shape."""
    return np.asarray(betaincinv(errors + 0.5, n - errors + 0.5, level))


def _thresholds(rates: Floats, allowances: Floats, run_lengths: Floats) -> Floats:
    """The least thresholds, in errors, at which alarms are as rare as asked, in the mean over rates, (series,)."""
    slopes = _slopes(rates, allowances[:, None])
    low, high = np.ones(len(rates)), np.full(len(rates), THRESHOLD_MAX)  # no error alarms by itself
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        lengths = run_length(middle[:, None], allowances[:, None], rates, slopes)
        often = (WEIGHTS / lengths).sum(axis=1) * run_lengths > 1
        low, high = np.where(often, middle, low), np.where(often, high, middle)
    return high


def run_length(threshold: Floats, allowance: Floats, rates: Floats, slopes: Floats) -> Floats:
    """Pairs until an alarm in the mean, where errors have these rates and their walks these slopes. Any shape.

    Wald's approximation, with the walk's jump beyond the threshold added to it (Siegmund 1985, Sequential analysis).
    """
    drift = allowance - rates
    reach = threshold + OVERSHOOT[0] + OVERSHOOT[1] * rates * (1 - rates)
    level = np.abs(slopes) * reach < FLAT  # the limit where a walk goes neither up nor down
    with np.errstate(over="ignore"):  # a run without an end
        sloped = (np.expm1(slopes * reach) - slopes * reach) / np.where(level, 1.0, slopes * drift)
    return np.asarray(np.where(level, reach**2 / (rates * (1 - rates)), sloped))


def _slopes(rates: Floats, allowance: Floats) -> Floats:
    """The slopes t at which exp(t walk) is a martingale: negative where errors exceed the allowance. Any shape."""
    low, high = np.full(rates.shape, -SLOPE_MAX), np.full(rates.shape, SLOPE_MAX)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        # Of the allowances, the one whose walk has this slope rises with it.
        allowed = np.log1p(rates * np.expm1(middle)) / np.where(middle == 0, 1.0, middle)
        below = np.where(middle == 0, rates, allowed) < allowance
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
