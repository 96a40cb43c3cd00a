"""What ranks scores, of windows with few pairs: exact; and how far it may be off where bins rank them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from detectors.codes import Floats, Integers
from detectors.performance.cells import Cells
from detectors.performance.classes import binary, discrimination, one_vs_rest
from detectors.performance.classes.ranked import Exact, Keyed, Ranked, few
from detectors.performance.classes.ranked import ranked as rank
from stream.answers import apart
from stream.answers.binary import Binary
from stream.answers.kind import Answers, Rows
from stream.answers.own import Own, bare
from stream.encodings.several import unpacked

NAMES: Final = Exact._fields
ENTRIES_MAX: Final = 100_000  # pairs, once for each row that they are in: 5 MB


def ranked_of(answers: Answers | None, rows: Rows, places: Integers) -> Ranked | None:
    """The scores of pairs of one window, in these rows of it, (n, 1 + fields); None where none are ranked.

    `rows` have their `change`.
    """
    if answers is None:
        return None
    kind, several, change = bare(answers), apart.classes_of(answers), rows["change"]
    columns = 1 if isinstance(kind, Binary) else apart.n_rows(answers) // one_vs_rest.ROWS
    if not columns:
        return None
    if not few(change, columns):  # of many pairs nothing is kept, so nothing of them is read
        return Ranked.of(change, np.empty(0, np.int64), np.empty((0, columns)), places)
    if several is None:
        assert isinstance(kind, Binary), kind
        return Ranked.of(change, np.where(rows["label"] == kind.positive, 0, -1), rows["score"][:, None], places)
    truth, scores = several.true(rows), unpacked(rows["several"], several.settings.classes)[:, :-1]
    scores[truth < 0] = np.nan
    return Ranked.of(change, truth, scores.astype(np.float32), places)


def of_rows(answers: Answers, ranked: Sequence[Ranked | None], rows: Sequence[Integers]) -> dict[str, Floats]:
    """The exact values of rows of windows, one after the other; nan where too many pairs are in them."""
    kind = bare(answers)
    if not isinstance(kind, Binary):
        return {}
    found: list[Exact] = []
    for some in _parts(ranked):  # one alone costs as much as ten together
        first = np.cumsum([0, *(len(rows[i]) for i in some)])
        known = [(ranked[i], rows[i], begin) for i, begin in zip(some, first.tolist(), strict=False)]
        keyed = [(one.keyed(which), begin) for one, which, begin in known if one is not None and one.complete]
        if keyed:
            shifted = [each._replace(key=each.key + begin) for each, begin in keyed]
            columns = [np.concatenate([each[i] for each in shifted]) for i in range(len(Keyed._fields))]
            found.append(rank(Keyed(*columns), int(first[-1]), kind.settings.top))
        else:
            found.append(_unknown(int(first[-1])))
    return {name: np.concatenate([one[i] for one in found]) for i, name in enumerate(NAMES)}


def _parts(ranked: Sequence[Ranked | None]) -> Iterator[list[int]]:
    """Places of windows that are ranked together: of not too many pairs."""
    some: list[int] = []
    n = 0
    for i, one in enumerate(ranked):
        size = 0 if one is None else one.rows.size
        if some and n + size > ENTRIES_MAX:
            yield some
            some, n = [], 0
        some.append(i)
        n += size
    yield some


def of_classes(answers: Answers, ranked: Sequence[Ranked | None]) -> dict[str, Floats]:
    """Those of each class of windows, (windows, classes), and over all scores of all classes, (windows,)."""
    kind = apart.classes_of(answers)
    if kind is None or not apart.n_rows(answers):
        return {}
    columns = len(kind.settings.classes)
    each = [
        _unknown(columns + 1) if one is None or not one.complete else one.of_columns(one_vs_rest.SETTINGS.top)
        for one in ranked
    ]
    found = {name: np.stack([one[i] for one in each]) for i, name in enumerate(NAMES)}
    pooled = {f"micro_{name}": found[name][:, -1] for name in one_vs_rest.MICRO}
    return {name: values[:, :-1] for name, values in found.items()} | pooled


def bounds(answers: Answers, made: Cells, exact: Mapping[str, Floats]) -> dict[str, Floats]:
    """By how much the metrics of rows may be off because of bins: 0 where they are exact; nan where nobody knows."""
    kind = bare(answers)
    if not isinstance(kind, Binary):
        return {}
    off = discrimination.bounds(binary.read(kind.settings, made))
    found = {name: np.where(np.isnan(exact[name]), off[name], 0.0) if name in exact else off[name] for name in NAMES}
    of_own = answers.metrics if isinstance(answers, Own) else ()
    for name, expression in of_own:
        for each in {*expression.names} & {*NAMES}:
            found[name] = np.where(found[each] == 0, 0.0, np.nan)
    return found


def bounds_of_classes(answers: Answers, made: Cells | None, exact: Mapping[str, Floats]) -> dict[str, Floats]:
    """The same of each class of windows, and over them."""
    if made is None:
        return {}
    off = apart.bounds(answers, made)
    known = ~np.isnan(exact["roc_auc"]).all(axis=1) if exact else np.zeros(0, np.bool_)
    return {name: np.where(known, 0.0, values) for name, values in off.items()} if exact else off


def _unknown(n: int) -> Exact:
    return Exact(*(np.full(n, np.nan) for _ in NAMES))
