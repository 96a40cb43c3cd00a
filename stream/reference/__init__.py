"""References: raw rows of a file, or of the sample that a model is learned from, become a plan.

- Rows: table, columns, categories, kinds; joining and labelled, where they have labels; segmented.
- The plan: build, saved; for people: people. What can be wrong: problem.
"""

from stream.reference.build import plan
from stream.reference.kinds import inferred_kind, left_out
from stream.reference.people import Row, describe
from stream.reference.problem import ReferenceProblem
from stream.reference.saved import adopted, load, save
from stream.reference.table import Table, from_columns, from_events

__all__ = [
    "ReferenceProblem",
    "Row",
    "Table",
    "adopted",
    "describe",
    "from_columns",
    "from_events",
    "inferred_kind",
    "left_out",
    "load",
    "plan",
    "save",
]
