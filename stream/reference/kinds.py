"""Which columns of a table are watched, and whether as numbers or as categories."""

import re
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from types import NoneType
from typing import Literal

import numpy as np

from stream import plan as plans
from stream.config.sections.segments import plain
from stream.config.settings import Limits, Model
from stream.encodings.schema import WRONG
from stream.reference.categories import categories
from stream.reference.columns import Values, missing
from stream.reference.problem import ReferenceProblem
from stream.reference.table import META, NAMES_SHOWN, Table

Kind = Literal["numeric", "categorical"]

TYPE_SHARE = 0.95  # of the values that are there are numbers, then the feature is: a few broken ones do not hide it
IDENTIFIER_SHARE = 0.5  # more distinct texts than this share of rows: an identifier, which no distribution describes
IDENTIFIER_ROWS = 100  # of fewer rows nobody can say so
CLASSES_MAX = 20  # a prediction with more distinct numbers is a regression's
_KINDS: dict[str, Kind] = {"numeric": "numeric", "categorical": "categorical"}


def watched(table: Table, settings: Model, limits: Limits, source: str) -> dict[str, Kind]:
    """The kind of each column that is watched, features first. ReferenceProblem where a declared one is not there."""
    unknown = [_unknown(name, table) for name in settings.features if name not in table.features]
    if unknown:
        raise ReferenceProblem(f"the reference {source} has no feature {', nor '.join(unknown)}")
    kinds: dict[str, Kind] = dict(settings.features) or _inferred(table, settings, limits)[0]
    for name in plain(settings.segments):
        if kinds.get(name) == "numeric":
            raise ReferenceProblem(
                f"feature {name!r} cannot be numeric and tell segments apart; declare it categorical"
            )
    for name in _attributed(table, limits.features - len(kinds)) if settings.drift.attribution else ():
        kinds[name] = "numeric"
    for name in plans.OUTPUTS:
        kind = _output_kind(name, table, settings)
        if kind is not None:
            kinds[name] = kind
    return kinds


def _attributed(table: Table, most: int) -> list[str]:
    """The columns of attributions: of more than `most` those that are the largest, by name."""
    told = {name: values for name, values in table.outputs.items() if name.startswith(plans.ATTRIBUTION)}
    sizes = {name: values[np.isfinite(values)] for name, values in told.items()}
    with np.errstate(over="ignore"):  # of sizes near the largest double the mean may be infinite
        means = {name: float(each.mean()) for name, each in sizes.items() if len(each)}
    return sorted(sorted(means, key=lambda name: (-means[name], name))[: max(most, 0)])


def left_out(table: Table, settings: Model, limits: Limits) -> dict[str, str]:
    """Why each feature that is not watched is not; empty where the configuration declares what is."""
    return {} if settings.features else _inferred(table, settings, limits)[1]


def inferred_kind(values: Values) -> Kind | None:
    """Numeric, categorical, or None: nothing there, mostly objects, or an identifier."""
    return _KINDS.get(_kind_or_reason(values))


def reason(values: Values) -> str:
    """Why a column is of no kind."""
    return _kind_or_reason(values)


def _inferred(table: Table, settings: Model, limits: Limits) -> tuple[dict[str, Kind], dict[str, str]]:
    """The kinds of the features that can be watched, by name, and why the others cannot."""
    kinds: dict[str, Kind] = {}
    reasons: dict[str, str] = {}
    for name in sorted(table.features):
        segment = name in plain(settings.segments)
        found = _kind_or_reason(table.features[name])
        if not table.nested and name in META:
            reasons[name] = "a field of events; declare it if it is a feature"
        elif not plans.is_feature(name):
            reasons[name] = "the name of an output"
        elif len(kinds) >= limits.features:
            reasons[name] = f"beyond limits.features ({limits.features})"
        elif segment and found == "numeric":
            kinds[name] = "categorical"
        elif found in _KINDS:
            kinds[name] = _KINDS[found]
        else:
            reasons[name] = found
    return kinds, reasons


def _kind_or_reason(values: Values) -> str:
    if values.dtype == np.float64:
        return "numeric" if np.isfinite(values).any() else "no value"
    types = Counter(map(type, values))
    present = len(values) - types[NoneType]
    if not present:
        return "no value"
    if types[int] + types[float] >= TYPE_SHARE * present:
        return "numeric"
    if types[type(WRONG)] > (1 - TYPE_SHARE) * present:
        return "objects, lists or bytes"
    distinct = len(categories(values).counts)
    if present >= IDENTIFIER_ROWS and distinct > IDENTIFIER_SHARE * present:
        return _with_commas(values) or f"an identifier: {distinct:,} distinct texts in {present:,} rows"
    return "categorical"


def _with_commas(values: Values) -> str:
    """Why texts are no identifiers: they are numbers as spreadsheets write them in half of Europe; else nothing."""
    texts = [value for value in values if isinstance(value, str)][:IDENTIFIER_ROWS]
    numbers = [value for value in texts if re.fullmatch("[+-]?[0-9]+,[0-9]+", value)]
    found = numbers and len(numbers) >= TYPE_SHARE * len(texts)
    return f"numbers with a decimal comma, such as {numbers[0]}" if found else ""


def _output_kind(name: str, table: Table, settings: Model) -> Kind | None:
    values = table.outputs.get(name)
    if values is None or missing(values).all():
        return None
    if name in {plans.SCORE, plans.LATENCY}:
        return "numeric"
    if name == plans.STATUS:
        return "categorical"
    if settings.output.kind == "ranking":  # lists
        return None
    if settings.output.kind != "auto":
        return "numeric" if settings.output.kind == "regression" else "categorical"
    return "numeric" if _continuous(values) else "categorical"


def _continuous(values: Values) -> bool:
    """Whether a prediction is a number rather than a class."""
    if values.dtype != np.float64:
        plain = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        values = np.array(plain, np.float64)
    distinct = np.unique(values[np.isfinite(values)])
    return len(distinct) > CLASSES_MAX or bool((distinct != np.floor(distinct)).any())


def _unknown(name: str, table: Table) -> str:
    near = get_close_matches(name, table.features, 1)
    names: Mapping[str, Values] = table.features
    shown = ", ".join(sorted(names)[:NAMES_SHOWN]) or "none"
    return f"{name!r}; did you mean {near[0]!r}?" if near else f"{name!r} (it has {shown})"
