"""Conditions over what an event says: a text is read once, and then answered for all events of a block together.

Answers have three values, as in SQL (Kleene 1938, On notation for ordinal numbers): what is missing compares as
unknown, `unknown or yes` is yes, `unknown and no` is no. A value of a wrong type, or no number, is missing.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from typing import Final, Literal, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from detectors.codes import Floats
from detectors.performance.expression import DEPTH_MAX, Wrong, tree
from stream.encodings.schema import category_text

NO, UNKNOWN, YES = range(3)  # so `and` is the least of them, `or` the greatest, and `not` what is left of 2
Answers = NDArray[np.uint8]
Lookup = tuple[str, tuple[str, ...]]  # a name, and the categories among which its values are looked for
Asked = Literal["", "number", "text"]  # how values are compared; either way where only their being there matters

EXPECTED: Final = "a condition such as amount > 1000 and country == 'FR'"
ALLOWED: Final = "names, numbers, texts in quotes, < <= > >= == !=, in (...), is missing, and, or, not, ( )"
ORDERS: Final[Mapping[type[ast.cmpop], str]] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
COMPARE: Final[Mapping[str, Callable[[Floats, Floats], NDArray[np.bool_]]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
TRUTHS: Final = {"true": True, "false": False}
MISSING: Final = "missing"  # behind `is`; no name of a field there


class Value(Struct, frozen=True):
    """What a value is compared with: the text of its category, and the number where it was written as one."""

    text: str
    number: float | None = None


class Condition(Struct, frozen=True):
    """`and`, `or`, `not` of parts; an order of names and numbers; a name `in` some values, or `missing`."""

    operation: str
    parts: tuple["Condition", ...] = ()
    operands: tuple[str | float, ...] = ()
    among: tuple[Value, ...] = ()

    @property
    def asked(self) -> dict[str, Asked]:
        """The names in it, in order of appearance, and how their values are compared. `Wrong` where in two ways."""
        found: dict[str, Asked] = {}
        for name, how in _asked(self):
            known = found.get(name, "")
            if how and known and how != known:
                raise Wrong("one kind of values for each name, texts or numbers", name)
            found[name] = known or how
        return found

    @property
    def texts(self) -> tuple[str, ...]:
        """The categories that it asks for."""
        return (*(each.text for each in self.among), *(text for part in self.parts for text in part.texts))

    @property
    def lookups(self) -> frozenset[Lookup]:
        """What it asks of the categories of each name; a lookup of none shows which are missing."""
        mine = {(name, tuple(each.text for each in self.among)) for name in self.operands if isinstance(name, str)}
        return frozenset(mine).union(*(part.lookups for part in self.parts))


class Columns(Protocol):
    """The values of events by name."""

    def numbers(self, name: str) -> Floats | None:
        """Numbers, nan where there is none, (n,); None where the values are categories."""

    def categories(self, name: str, among: Sequence[str]) -> Answers:
        """Whether each event's category is among these, (n,); unknown where it has none."""


def answered(condition: Condition, of: Columns) -> Answers:
    """What a condition says of each event: NO, UNKNOWN or YES, (n,)."""
    match condition.operation:
        case "and":
            return reduce(np.minimum, (answered(part, of) for part in condition.parts))
        case "or":
            return reduce(np.maximum, (answered(part, of) for part in condition.parts))
        case "not":
            return np.subtract(YES, answered(condition.parts[0], of), dtype=np.uint8)
        case "in":
            return _among(condition, of)
        case "missing":
            (name,) = map(str, condition.operands)
            values = of.numbers(name)
            none = of.categories(name, ()) == UNKNOWN if values is None else np.isnan(values)
            return np.multiply(none, YES, dtype=np.uint8)
    left, right = (_number(each, of) for each in condition.operands)
    with np.errstate(invalid="ignore"):
        found = np.multiply(COMPARE[condition.operation](left, right), YES, dtype=np.uint8)
    found += np.isnan(left) | np.isnan(right)  # these compare as no
    return found


def _among(condition: Condition, of: Columns) -> Answers:
    (name,) = map(str, condition.operands)
    values = of.numbers(name)
    if values is None:
        return of.categories(name, [each.text for each in condition.among])
    numbers = [each.number for each in condition.among]
    assert None not in numbers, f"{name}: numbers compared with texts"
    found: Answers = np.multiply(reduce(np.logical_or, (values == number for number in numbers)), YES, dtype=np.uint8)
    found += np.isnan(values)
    return found


def _number(operand: str | float, of: Columns) -> Floats:
    if isinstance(operand, float):
        return np.array(operand)
    values = of.numbers(operand)
    assert values is not None, f"{operand}: categories in an order"
    return values


def _asked(condition: Condition) -> list[tuple[str, Asked]]:
    how: Asked = ""
    if condition.operation in COMPARE:
        how = "number"
    elif any(each.number is None for each in condition.among):
        how = "text"
    mine = [(name, how) for name in condition.operands if isinstance(name, str)]
    return [*mine, *(each for part in condition.parts for each in _asked(part))]


@lru_cache(maxsize=1_024)  # plans are met with the bytes again and again
def read(text: str) -> Condition:
    """The condition that a text is; `Wrong` where it is none."""
    found = _node(tree(text, EXPECTED), DEPTH_MAX * 4)
    if not found.asked:
        raise Wrong("a condition with a name in it", text)
    return found


def _node(node: ast.expr, depth: int) -> Condition:
    """One node of the tree, and what is below it."""
    if not depth:
        raise Wrong("fewer operations in each other")
    match node:
        case ast.BoolOp(op=operator, values=values):
            operation = "and" if isinstance(operator, ast.And) else "or"
            return Condition(operation, tuple(_node(each, depth - 1) for each in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Condition("not", (_node(operand, depth - 1),))
        case ast.Compare(left=left, ops=operators, comparators=others):
            sides = [left, *others]
            found = tuple(_compared(*each) for each in zip(sides, operators, others, strict=False))
            return found[0] if len(found) == 1 else Condition("and", found)
        case _ if _name(node) is not None:
            raise Wrong(f"a comparison: {_name(node)} == true", ast.unparse(node))
    raise Wrong(ALLOWED, ast.unparse(node))


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Condition:
    """Two sides of a comparison, one of them a name."""
    first, second = _name(left), _name(right)
    match operator:
        case ast.Is() | ast.IsNot():
            if first is None or not (isinstance(right, ast.Name) and right.id == MISSING):
                raise Wrong("`is missing` or `is not missing` behind a name", ast.unparse(right))
            found = Condition("missing", (), (first,))
            return _unless(found, isinstance(operator, ast.IsNot))
        case ast.In() | ast.NotIn():
            if first is None or not isinstance(right, ast.Tuple | ast.List) or not right.elts:
                raise Wrong("a name in a list, such as country in ('FR', 'DE')", ast.unparse(right))
            found = Condition("in", (), (first,), tuple(map(_literal, right.elts)))
            return _unless(found, isinstance(operator, ast.NotIn))
        case ast.Eq() | ast.NotEq():
            name, value = (first, right) if first is not None else (second, left)
            if name is None or (first is not None and second is not None):
                raise Wrong("a name compared with a number, or with a text in quotes", ast.unparse(right))
            return _unless(Condition("in", (), (name,), (_literal(value),)), isinstance(operator, ast.NotEq))
    if first is None and second is None:
        raise Wrong("a name on one side of a comparison", ast.unparse(left))
    return Condition(ORDERS[type(operator)], (), tuple(_operand(each) for each in (left, right)))


def _unless(condition: Condition, negated: bool) -> Condition:
    return Condition("not", (condition,)) if negated else condition


def _name(node: ast.expr) -> str | None:
    """The field that a node names."""
    match node:
        case ast.Name(id=name) if name not in TRUTHS and name != MISSING:
            return name
        # field('credit limit'): a name that is no word
        case ast.Call(func=ast.Name(id="field"), args=[ast.Constant(value=str() as name)], keywords=[]) if name:
            return name
    return None


def _operand(node: ast.expr) -> str | float:
    name = _name(node)
    if name is not None:
        return name
    number = _literal(node).number
    if number is None:
        raise Wrong("a number: texts have no order", ast.unparse(node))
    return number


def _literal(node: ast.expr) -> Value:
    """A number, a text or a truth."""
    match node:
        case ast.Constant(value=bool() as truth):
            return Value(category_text(truth))
        case ast.Name(id=name) if name in TRUTHS:
            return Value(category_text(TRUTHS[name]))
        case ast.Constant(value=str() as text):
            return Value(text)
        case ast.Constant(value=int() | float() as number) if abs(number) < 1e300:
            return Value(category_text(number), float(number))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if (
            type(number) is not bool and abs(number) < 1e300
        ):
            return Value(category_text(-number), -float(number))
    raise Wrong("a number, a text in quotes, true or false", ast.unparse(node))
