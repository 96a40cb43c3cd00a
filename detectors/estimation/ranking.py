"""Metrics of the order of scores, of groups of events whose labels have one probability each.

Within a group labels do not depend on the order, so it does not matter how finely events are grouped: a group per event
and one per step of a calibrator give the same number.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import digamma

from detectors.codes import Floats
from detectors.estimation.confusion import ratio

ONE = np.ones(1)


class Ranked(NamedTuple):
    """A metric at the expected labels, how it rises with one of them, and what it gains on average as it bends."""

    value: Floats  # (rows,)
    slope: Floats  # (rows, groups): with the label of one event of each group
    bend: Floats  # (rows,): by how much the mean over all labels exceeds the value, to second order


def roc_auc(n: Floats, p: Floats) -> Ranked:
    """How often a positive has a higher score than a negative. Groups rise: events (rows, groups), probabilities.

    No event is a pair with itself, though its expected halves are.
    """
    positives, negatives = n * p, n * (1 - p)
    all_positives, all_negatives = (cells.sum(axis=-1, keepdims=True) for cells in (positives, negatives))
    below = np.cumsum(negatives, axis=-1) - negatives / 2
    above = all_positives - np.cumsum(positives, axis=-1) + positives / 2
    pairs = all_positives * all_negatives
    value = ratio((positives * below).sum(axis=-1, keepdims=True), pairs)
    slope = ratio(below - above, pairs) - value * (ratio(ONE, all_positives) - ratio(ONE, all_negatives))
    variances = positives * (1 - p)
    gained = (variances * (value - 0.5 - (all_negatives - all_positives) * slope)).sum(axis=-1)
    return Ranked(value[..., 0], slope, ratio(gained, pairs[..., 0]))


def average_precision(n: Floats, p: Floats) -> Ranked:
    """The mean precision at the ranks of positives. Groups rise: events (rows, groups), probabilities (groups,).

    With N events and T positives ranked before a group, the precisions at its ranks N + 1 to N + n sum to
    p n + (T - p N) h, where h, the sum of their reciprocals, is a difference of digammas. A positive event counts
    wholly at its own rank, though only its expected part does.
    """
    n, p = n[..., ::-1], np.broadcast_to(p, n.shape)[..., ::-1]
    last, hits = np.cumsum(n, axis=-1), np.cumsum(n * p, axis=-1)
    first, before, total = last - n, hits - n * p, (n * p).sum(axis=-1, keepdims=True)
    h = digamma(last + 1) - digamma(first + 1)
    precisions = p * n + (before - p * first) * h
    value = ratio((p * precisions).sum(axis=-1, keepdims=True), total)
    # A label also raises the precision at its own rank and all later ones, by one over the rank.
    later = np.cumsum((p * h)[..., ::-1], axis=-1)[..., ::-1] - p * h
    raised = precisions + p * (n - first * h)
    slope = ratio(raised / np.maximum(n, 1) + later - value, total)
    bend = ratio((p * (1 - p) * (h - n * slope)).sum(axis=-1), total[..., 0])
    return Ranked(value[..., 0], slope[..., ::-1], bend)
