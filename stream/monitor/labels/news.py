"""The pairs that some steps make, by the windows that they belong to."""

from itertools import pairwise, repeat

import numpy as np

from stream.answers.kind import Rows
from stream.counting.windows import window_end
from stream.events import NEVER, Ints
from stream.monitor.labels.called import Called, Key
from stream.roster import FUTURE

Change = tuple[Key, int, bool]  # what a step does to a window: how many more pairs, whether an earlier one was changed


class News:
    """Pairs in the order of their steps, with `end` and `step` in ns."""

    def __init__(self, called: Called, rows: Rows) -> None:
        self.rows = rows
        self._called, self._apart = called, called.apart(rows)

    def changes(self) -> dict[int, list[Change]]:
        """By step, what it does to windows."""
        found: dict[int, list[Change]] = {}
        for (model, version), places in self._apart.items():
            step, end, change, first = (self.rows[name][places] for name in ("step", "end", "change", "first"))
            for length in self._called.lengths(model):
                window = window_end(end, length)
                order = np.lexsort((window, step))
                at, ends = step[order], window[order]
                starts = np.flatnonzero(np.diff(at, prepend=NEVER) | np.diff(ends, prepend=NEVER))
                more = np.add.reduceat(change[order], starts).tolist()
                corrected = np.logical_or.reduceat(~first[order], starts).tolist()
                keys = [*zip(repeat(model), repeat(version), repeat(length), ends[starts].tolist(), strict=False)]
                steps, cuts = np.unique(at[starts], return_index=True)
                for one, (i, j) in zip(steps.tolist(), pairwise((*cuts.tolist(), len(starts))), strict=True):
                    told = zip(keys[i:j], more[i:j], corrected[i:j], strict=True)
                    found.setdefault(one, []).extend(told)
        return found

    def of(self, key: Key, after: int = NEVER, upto: int = FUTURE) -> Rows:
        """The pairs of a window that come about within (after, upto]."""
        return taken(self.rows, self.places(key, after, upto))

    def places(self, key: Key, after: int = NEVER, upto: int = FUTURE) -> Ints:
        """Where they stand."""
        model, version, length, end = key
        places = self._apart.get((model, version))
        if places is None:
            return np.zeros(0, np.int64)
        step, ends = self.rows["step"][places], self.rows["end"][places]
        return places[(ends > end - length) & (ends <= end) & (step > after) & (step <= upto)]


def taken(rows: Rows, places: Ints) -> Rows:
    """Some pairs, in this order."""
    return {name: column[places] for name, column in rows.items()}


def joined(first: Rows, second: Rows) -> Rows:
    """Pairs and more pairs."""
    return {name: np.concatenate((first[name], second[name])) for name in second}
