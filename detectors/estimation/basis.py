"""What an estimate rests on: a calibrator, and how many labelled scores it knows in each bin.

A window without labels holds counts of (decision, bin) and two sums per row, so its panes add up. Bins end between two
steps of the calibrator: all scores of a bin have one probability, but for the few on a line between steps. Measured
against the rows themselves, ten references and shifts of 1.2 deviations: within 7e-4; average precision of rare
positives, 2e-3.
"""

from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct
from scipy.special import logit

from detectors.calibration import Calibrator, better, starts
from detectors.codes import Bools, Floats, Integers
from detectors.performance.cells import Cells, Layout

GROUPS_MAX = 64  # of equally many labelled scores
GROUP = 25  # of these at least, so that the share of positives is known well enough for an error
PARTS_MAX = 128  # bins of windows' segments: 2 KB each
EVEN = 128  # cuts of the unit interval where scores are trusted: no bin is wider than 1/128
EDGES_MAX = 448  # of a million labelled scores, isotonic regression makes about 256 steps
SUMS = np.array([-34, -40], np.int64)  # quanta 2^-34 of a log loss, at most 36.1, and 2^-40 of a squared error
LEAST = float(np.finfo(np.float64).eps)  # scores are this far from 0 and 1 in a log loss, as in scikit-learn
PRIOR = 0.5  # labels of either kind that a group has beside its own: a group of equal labels is not certain


class Basis(Struct, frozen=True):
    """The reference as estimates need it, bins in the order of their scores, (bins,) each but for `edges`."""

    calibrator: Calibrator
    edges: Floats  # (bins - 1,): where all bins but the first begin
    groups: Integers  # neighbouring bins together, whose labels are enough to know how wrong their probabilities are
    events: Integers  # labelled scores, at least one
    positives: Integers
    probability: Floats  # mean, calibrated
    scores: Floats  # mean
    log_odds: Floats  # mean, of scores; nan where they are no probabilities

    @classmethod
    def of(cls, score: Floats, label: Bools, seed: int) -> Self:
        """The basis of a labelled reference, all of it finite, (n,) each; `seed` picks what calibration is tried on."""
        return cls.calibrated(score, label, better(score, label, seed))

    @classmethod
    def calibrated(cls, score: Floats, label: Bools, calibrator: Calibrator) -> Self:
        """The basis of a labelled reference with this calibrator."""
        edges, groups = _edges(np.unique(score), np.sort(score), calibrator)
        bins = np.searchsorted(edges, score, side="right")
        events = np.bincount(bins, minlength=len(edges) + 1)
        odds = log_odds(score)
        means = [np.bincount(bins, values) / events for values in (calibrator.apply(score), score, odds)]
        positives = np.bincount(bins, label, len(events)).astype(np.int64)
        return cls(calibrator, edges, groups, events, positives, *means)

    def coarse(self) -> "Basis":
        """The same with fewer bins, for windows of many segments: PARTS_MAX, or one for each group.

        Of a group those stay apart whose probabilities differ most. With one bin for each, the area under the curve of
        a segment most of whose scores lie in few groups was too low by half its error.
        """
        new = np.flatnonzero(np.diff(self.groups)) + 1  # where groups begin, all but the first
        inner = np.setdiff1d(np.arange(1, len(self.events)), new)
        step = self.probability[inner] - self.probability[inner - 1]
        kept = inner[np.argsort(-step, kind="stable")[: max(0, PARTS_MAX - len(new) - 1)]]
        first = np.union1d(new, kept)
        part = np.searchsorted(first, np.arange(len(self.events)), side="right")
        events, positives = (np.bincount(part, counts).astype(np.int64) for counts in (self.events, self.positives))
        columns = (self.probability, self.scores, self.log_odds)
        means = (np.bincount(part, self.events * column) / events for column in columns)
        groups = self.groups[np.concatenate(([0], first))]
        return Basis(self.calibrator, self.edges[first - 1], groups, events, positives, *means)

    @property
    def layout(self) -> Layout:
        """The cells of a window: a count per decision and bin, and the sums of both losses."""
        return Layout(2 * len(self.events), SUMS)

    def bins(self, score: Floats) -> Integers:
        """The bin of each score, of the same shape."""
        return np.searchsorted(self.edges, score, side="right").astype(np.int64)

    def pairs(self, score: Floats, decided: Bools) -> tuple[Integers, Floats]:
        """What each event adds to the cells: the count it raises, (n, 1), and its expected losses, (n, 2).

        An event whose score is not finite adds nothing.
        """
        places = np.where(~np.isfinite(score), -1, decided * len(self.events) + self.bins(score))
        return places[:, None].astype(np.int64), expected_losses(score, self.calibrator.apply(score))

    def known(self) -> tuple[Floats, Floats]:
        """By how much more positives each group has than expected, and the variance of that, (groups,) each.

        Both are of shares of the group's events.
        """
        events, positives = (np.bincount(self.groups, counts) for counts in (self.events, self.positives))
        expected = np.bincount(self.groups, self.events * self.probability) / events
        chance = (positives + PRIOR) / (events + 2 * PRIOR)
        return positives / events - expected, chance * (1 - chance) / events


class Window(NamedTuple):
    """Events without labels, in places of one probability each, which rise with the score: bins, or single events."""

    counts: Floats  # (rows, 2, places): decided no, decided yes
    probability: Floats  # (places,)
    scores: Floats  # (places,)
    log_odds: Floats  # (places,)
    losses: Floats  # (rows, 2): the mean expected log loss and squared error
    bins: Integers  # (places,): the bin that each lies in


def of_cells(basis: Basis, cells: Cells) -> Window:
    """The window that cells of the basis' layout hold: a place per bin."""
    counts = cells.counts.reshape(-1, 2, len(basis.events)).astype(np.float64)
    bins = np.arange(len(basis.events))
    return Window(counts, basis.probability, basis.scores, basis.log_odds, cells.read().mean, bins)


def log_odds(score: Floats) -> Floats:
    """The log odds of scores, 36 at most; nan of those that are no probabilities. Any shape."""
    return np.asarray(np.where((score >= 0) & (score <= 1), logit(np.clip(score, LEAST, 1 - LEAST)), np.nan))


def expected_losses(score: Floats, probability: Floats) -> Floats:
    """The log loss and squared error of scores whose labels have these probabilities, (n, 2)."""
    inside = (score >= 0) & (score <= 1)
    score = np.where(inside, score, 0.5)
    clipped = np.clip(score, LEAST, 1 - LEAST)
    log_loss = -probability * np.log(clipped) - (1 - probability) * np.log1p(-clipped)
    square = probability * (1 - score) ** 2 + (1 - probability) * score**2
    return np.asarray(np.where(inside, np.stack((log_loss, square)), np.nan)).T


def _edges(known: Floats, score: Floats, calibrator: Calibrator) -> tuple[Floats, Integers]:
    """The edges between bins, and the group of each bin; the scores that are `known` once each, and all; both rise.

    An edge lies halfway between two scores of the reference: what falls on a line between two steps is as often given
    too much as too little.
    """
    wanted = starts(calibrator) if calibrator.learned else np.arange(1, EVEN) / EVEN
    first = np.searchsorted(known, wanted)
    first = np.unique(first[(first > 0) & (first < len(known))])
    if len(first) > EDGES_MAX:
        first = first[np.linspace(0, len(first) - 1, EDGES_MAX).astype(np.int64)]
    n_groups = min(GROUPS_MAX, max(1, len(score) // GROUP))
    group = np.searchsorted(known, score[np.arange(1, n_groups) * len(score) // n_groups])
    group = np.unique(group[group > 0])
    first = np.union1d(first, group)
    low, high = known[first - 1], known[first]
    middle = (low + high) / 2
    groups = np.concatenate(([0], np.cumsum(np.isin(first, group))))
    return np.where(middle > low, middle, high), groups.astype(np.int64)
