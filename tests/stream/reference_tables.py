"""Reference tables, and the plans that they make."""

from collections.abc import Mapping, Sequence
from typing import Any

from stream import reference
from stream.config.settings import Limits, Model
from stream.plan import Plan
from stream.reference import Table
from stream.reference.columns import column
from tests.stream.files.events import events, lines

EVENTS = events()
TABLE = reference.from_events(lines(EVENTS))
LIMITS = Limits()


def plan_of(table: Table, settings: Model | None = None, limits: Limits = LIMITS) -> Plan:
    """The plan of a table."""
    return reference.plan("fraud", table, settings or Model(), limits, since=0, source="train.parquet")


def of_columns(columns: Mapping[str, Sequence[Any]]) -> Table:
    """A flat table of columns that are lists."""
    return reference.from_columns({name: column(values) for name, values in columns.items()})


def kinds_of(plan: Plan) -> dict[str, str]:
    """What is watched, and as what."""
    return dict.fromkeys(plan.grid.numeric, "numeric") | dict.fromkeys(plan.grid.categorical, "categorical")
