"""What a column looks like in both files: shares of cells to draw, and in words what moved where it drifted."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detectors.codes import Floats, Integers
from stream.comparison.own import Counted
from stream.comparison.pairs import Pair
from stream.reference.categories import categories
from stream.reference.columns import numbers

CELLS = 24  # drawn of a number, its two tails among them
TAIL = 0.01  # of the reference's values, beyond which a cell is open
CATEGORIES = 12  # drawn; the rarer ones are together
MOVED = 3  # changes told
NEARLY = 0.98  # of the reference's rows: what gained and what lost are then all there is
LEAST = 0.005  # a share that moved by less is not worth a word


@dataclass(frozen=True, eq=False)
class Shape:
    """Cells by name, and the share of the values there that each holds, (cells,)."""

    names: tuple[str, ...]
    reference: Floats
    current: Floats


def shape(pair: Pair) -> Shape:
    """Cells of equal width between the reference's tails, or categories by their share."""
    return _of_numbers(pair) if pair.kind == "numeric" else _of_categories(pair)


def _of_numbers(pair: Pair) -> Shape:
    sides = [values[np.isfinite(values)] for values in map(numbers, (pair.reference, pair.current))]
    known = next((side for side in sides if len(side)), np.zeros(1))
    low, high = np.quantile(known, [TAIL, 1 - TAIL], method="nearest")
    edges = np.unique(np.linspace(low, high, CELLS - 1))
    texts = [f"{edge:.4g}" for edge in edges]
    between = [f"{a} to {b}" for a, b in pairwise(texts)]
    counts = [np.bincount(np.searchsorted(edges, side, "right"), minlength=len(edges) + 1) for side in sides]
    names = (f"below {texts[0]}", *between, f"{texts[-1]} and above")
    return Shape(names, _shares(counts[0]), _shares(counts[1]))


def _of_categories(pair: Pair) -> Shape:
    counts = [categories(values).counts for values in (pair.reference, pair.current)]
    totals = [max(1, sum(found.values())) for found in counts]
    both = {
        text: max(found.get(text, 0) / n for found, n in zip(counts, totals, strict=True))
        for text in counts[0].keys() | counts[1].keys()
    }
    ordered = sorted(both, key=lambda text: (-both[text], text))
    shown, rest = ordered[:CATEGORIES], ordered[CATEGORIES:]
    rows = [[*(found.get(text, 0) for text in shown), sum(found.get(text, 0) for text in rest)] for found in counts]
    names = (*shown, f"{len(rest)} others")[: len(shown) + bool(rest)]
    reference, current = (_shares(np.array(row, np.int64)[: len(names)]) for row in rows)
    return Shape(names, reference, current)


def _shares(counts: NDArray[np.integer]) -> Floats:
    return np.asarray(counts / max(1, int(counts.sum())), np.float64)


def changes(counted: Counted) -> list[str]:
    """What surely changed, then the greatest changes besides: of ranges or categories, and of what is no value."""
    expected, observed = _shares(counted.expected), _shares(counted.observed)
    gaps = observed - expected
    n = counted.regular
    places = [slice(i, i + 1) for i in range(len(gaps))]
    if counted.edges is not None:
        blocks = [_widened(_block(sign * gaps[:n]), (expected + observed)[:n]) for sign in (1, -1)]
        if sum(float(expected[place].sum()) for place in blocks) > NEARLY:  # one says it all: the rarer one
            blocks = [min(blocks, key=lambda place: float(expected[place].sum()))]
        places = [*blocks, *places[n:]]
    ranked = sorted(places, key=lambda place: (-abs(float(gaps[place].sum())), place.start))
    moved = [
        f"{_name(counted, place)}: {_percent(expected[place].sum())} to {_percent(observed[place].sum())}"
        for place in ranked[:MOVED]
        if place != counted.about and abs(float(gaps[place].sum())) >= LEAST
    ]
    return [counted.words, *moved]


def _block(gaps: Floats) -> slice:
    """The neighbours that gained most together: between the lowest running sum and the highest one after it."""
    sums = np.concatenate(([0.0], np.cumsum(gaps)))
    gained = sums - np.minimum.accumulate(sums)
    last = int(gained.argmax())
    first = int(sums[: last + 1].argmin())
    return slice(first, max(last, first + 1))


def _widened(place: slice, shares: Floats) -> slice:
    """The same, and the cells up to either end where nothing is in them."""
    start = place.start if shares[: place.start].any() else 0
    return slice(start, place.stop if shares[place.stop :].any() else len(shares))


def _name(counted: Counted, place: slice) -> str:
    edges = counted.edges
    if edges is None or place.start >= counted.regular:
        return str(counted.names[place.start])
    low = "" if place.start == 0 else f"{edges[place.start - 1]:.4g}"
    high = "" if place.stop >= counted.regular else f"{edges[place.stop - 1]:.4g}"
    if not low:
        return f"below {high}" if high else "any number"
    return f"{low} to {high}" if high else f"{low} and above"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def absent(counts: Integers, regular: int) -> float:
    """The share of rows where a value is missing or of the wrong type."""
    return float(counts[regular + 1 :].sum() / max(1, int(counts.sum())))
