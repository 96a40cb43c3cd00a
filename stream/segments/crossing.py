"""Fields crossed: each one's code becomes a place among the values that occur together, one table per further field."""

from dataclasses import dataclass

import numpy as np

from stream.events import Ints
from stream.segments.fields import SegmentField, apart


@dataclass(frozen=True)
class Crossing:
    """Tables from (code so far, code of the next field) to the next code so far; the last one says rows.

    A field's code is its row. So far there are codes for the beginnings of values, for others, and for missing; so a
    table has at most (values + 2) squared places, however many fields are crossed.
    """

    tables: tuple[Ints, ...]  # (so far, next)

    @classmethod
    def of(cls, field: SegmentField) -> "Crossing":
        """The tables of a crossed field."""
        values = [apart(value) for value in field.values]
        first, *others = field.crossed
        code_of: dict[tuple[str, ...], int] = {(value,): code for code, value in enumerate(first.values)}
        sizes, missing = len(first.rows), first.missing
        tables = []
        for i, part in enumerate(others, 2):
            known = dict.fromkeys(value[:i] for value in values)
            following = {beginning: code for code, beginning in enumerate(known)}
            table = np.full((sizes, len(part.rows)), len(following))
            place_of = {value: code for code, value in enumerate(part.values)}
            for beginning, code in following.items():
                table[code_of[beginning[:-1]], place_of[beginning[-1]]] = code
            table[missing, :] = table[:, part.missing] = len(following) + 1
            tables.append(table)
            code_of, sizes, missing = following, len(following) + 2, len(following) + 1
        # Whole values are met in their order, so the last codes count like the rows: values, others, missing.
        return cls((*tables[:-1], tables[-1] + field.first))

    def rows(self, codes: Ints) -> Ints:
        """The row of each event by its codes, (fields, n) to (n,)."""
        found: Ints = codes[0]
        for table, code in zip(self.tables, codes[1:], strict=True):
            found = table.ravel().take(found * table.shape[1] + code)
        return found
