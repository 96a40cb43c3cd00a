"""Metrics of two versions by their scores in bins: how dense positives are at the top, how honest scores are.

A metric of a sample that is too great by chance, as what calibration is off by is, would make a canary with few labels
seem worse. So it is compared less what chance adds, and the chance of that is part of its error.
"""

import numpy as np

from detectors.codes import Floats
from detectors.performance.classes.binary import Binary, edges
from detectors.performance.versions.influence import ENOUGH, Influence

TOP = Binary().top
GROUPS = Binary().groups


def lift(counts: Floats) -> Influence:
    """How much denser positives are in the top share of scores than in all, from negatives and positives by bin."""
    both = counts.reshape(2, 2, -1)
    positives, all_of = both[:, 1], both.sum(axis=1)
    total, p = all_of.sum(axis=1, keepdims=True), positives.sum(axis=1, keepdims=True)
    above = total - np.cumsum(all_of, axis=1)

    def taken(share: float) -> Floats:  # how much of each bin is among the top ones
        inside = (share * total - above) / np.where(all_of > 0, all_of, 1.0)
        return np.where(all_of > 0, np.clip(inside, 0.0, 1.0), 0.0)

    known = p[:, 0] >= ENOUGH
    some = np.where(p > 0, p, 1.0)
    inside, border = taken(TOP), taken(1.5 * TOP) - taken(0.5 * TOP)
    value = (positives * inside).sum(axis=1, keepdims=True) / some / TOP
    within = (all_of * border).sum(axis=1, keepdims=True)
    rate = (positives * border).sum(axis=1, keepdims=True) / np.where(within > 0, within, 1.0)
    moved = rate * (inside - TOP)  # a label more among the top ones pushes another one out
    share = some / np.where(total > 0, total, 1.0)
    slopes = np.stack((-moved, inside - value * TOP - moved), axis=1) / (TOP * share[:, :, None])
    shares = both / np.where(total > 0, total, 1.0)[:, :, None]
    return Influence(np.where(known, value[:, 0], np.nan), slopes.reshape(2, -1), shares.reshape(2, -1))


def reliability(counts: Floats) -> Influence:
    """The mean squared distance of groups' scores from their rates, less what chance adds; 0 is honest.

    A score is the middle of its bin, those outside [0, 1] are left out. Of a group g with the mean distance d of its n
    labels and their variance v, d^2 - v / n is right on average; and where d is 0 its own variance is 2 (v / n)^2.
    """
    both = counts.reshape(2, 2, -1)
    bins = both.shape[2] - both.shape[2] % GROUPS
    first = (both.shape[2] - bins) // 2
    ends = edges(bins)
    middle, label = (ends[1:] + ends[:-1]) / 2, np.array([0.0, 1.0])
    away = (middle - label[:, None]).reshape(1, 2, GROUPS, -1)
    part = both[:, :, first : first + bins].reshape(2, 2, GROUPS, -1)
    n = part.sum(axis=(1, 3))
    total = n.sum(axis=1, keepdims=True)
    size, every = np.where(n > 1, n, 2.0), np.where(total > 0, total, 1.0)
    gap = (part * away).sum(axis=(1, 3)) / size
    square = (part * away**2).sum(axis=(1, 3)) / size
    noise = np.where(n > 1, np.maximum(square - gap**2, 0.0) / (size - 1), 0.0)  # of a group's mean distance
    gap = np.where(n > 1, gap, 0.0)
    share = n / every
    value = (share * (gap**2 - noise)).sum(axis=1)
    more = 2 * (share**2 * noise**2).sum(axis=1)
    g = gap[:, None, :, None]
    slopes, shares = np.zeros_like(both), np.zeros_like(both)
    inside = slice(first, first + bins)
    slopes[:, :, inside] = (2 * g * away - g**2).reshape(2, 2, bins) - (share * gap**2).sum(axis=1)[:, None, None]
    shares[:, :, inside] = both[:, :, inside] / every[:, :, None]
    known = both[:, 1].sum(axis=1) >= ENOUGH
    return Influence(np.where(known, value, np.nan), slopes.reshape(2, -1), shares.reshape(2, -1), more)
