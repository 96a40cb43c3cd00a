"""Metrics as somebody writes them: arithmetic over named numbers, with the exact slopes along each of them.

A text is read by Python's parser and then node by node against a list of what is allowed; nothing of it is ever run.
Slopes are those of the tree, by the rules of differentiation (forward mode), so they lose nothing to differences.
"""

import ast
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from detectors.codes import Floats

LENGTH_MAX: Final = 400  # characters
DEPTH_MAX: Final = 32  # of brackets, which Python's parser and this one follow by recursion
NUMBER_MAX: Final = 1e100  # products of some stay finite
OPERATORS: Final[Mapping[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
ARGUMENTS: Final[Mapping[str, range]] = {
    **dict.fromkeys(("sqrt", "log", "exp", "abs"), range(1, 2)),
    **dict.fromkeys(("min", "max"), range(2, 9)),
}


class Wrong(ValueError):
    """A text that is no expression: what was expected in it, and what was found there."""

    def __init__(self, expected: str, found: str = "", known: Collection[str] = ()) -> None:
        super().__init__(expected)
        self.expected, self.found, self.known = expected, found, known


class Expression(Struct, frozen=True):
    """A number, a name, or an operation on others."""

    operation: str = ""  # empty: a number, or a name where there is one
    parts: tuple["Expression", ...] = ()
    name: str = ""
    number: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it, each once, in order of appearance."""
        return tuple(dict.fromkeys((self.name,) if self.name else (name for each in self.parts for name in each.names)))

    def written(self, meanings: Mapping[str, "Expression"]) -> "Expression":
        """The same with some names written out."""
        if self.name:
            return meanings.get(self.name, self)
        return Expression(self.operation, tuple(each.written(meanings) for each in self.parts), "", self.number)

    def value(self, of: Mapping[str, Floats]) -> Floats:
        """Its value where names have these, (rows,) each; nan where it is not defined."""
        return self.told(of).value

    def told(self, of: Mapping[str, Floats]) -> "Told":
        """Its value and its slopes by each name that it has, (rows,) each; nan where not defined."""
        with np.errstate(all="ignore"):
            found = _told(self, of, {name: i for i, name in enumerate(self.names)})
        return Told(*(np.where(np.isfinite(each), each, np.nan) for each in found))


class Told(NamedTuple):
    """The value of an expression, (rows,), and its slopes by its names, (names, rows)."""

    value: Floats
    slopes: Floats


def parsed(text: str, known: Collection[str]) -> Expression:
    """The expression that a text is, over these names; `Wrong` where it is none."""
    found = _node(tree(text, "an arithmetic expression such as 5 * a / (b + 1)"), known, DEPTH_MAX * 4)
    if not found.names:
        raise Wrong("an expression with a name in it", text, known)
    return found


def tree(text: str, expected: str) -> ast.expr:
    """What Python's parser makes of a text, whose nodes are judged by the caller; `Wrong` where it makes nothing."""
    if len(text) > LENGTH_MAX:
        raise Wrong(f"at most {LENGTH_MAX} characters", f"{len(text)}")
    opened, deepest = 0, 0
    for each in text:
        opened += (each in "([") - (each in ")]")
        deepest = max(deepest, opened)
    if deepest > DEPTH_MAX:
        raise Wrong(f"at most {DEPTH_MAX} brackets in each other", f"{deepest}")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Wrong(expected, text) from None


def _node(node: ast.expr, known: Collection[str], depth: int) -> Expression:
    """One node of the tree, and what is below it."""
    if not depth:
        raise Wrong("fewer operations in each other")
    match node:
        case ast.Constant(value=int() | float() as number) if type(number) is not bool and number < NUMBER_MAX:
            return Expression(number=float(number))
        case ast.Name(id=name) if name in known:
            return Expression(name=name)
        case ast.Name(id=name):
            raise Wrong("", name, known)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            below = _node(operand, known, depth - 1)
            return Expression("-", (Expression(), below)) if isinstance(node.op, ast.USub) else below
        case ast.BinOp(op=operator, left=left, right=right) if type(operator) in OPERATORS:
            return Expression(OPERATORS[type(operator)], tuple(_node(each, known, depth - 1) for each in (left, right)))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in ARGUMENTS:
            if len(arguments) not in ARGUMENTS[function]:
                raise Wrong(f"{function} of {_numbers(ARGUMENTS[function])}", f"{len(arguments)}")
            return Expression(function, tuple(_node(each, known, depth - 1) for each in arguments))
        case ast.Call(func=ast.Name(id=function)):
            raise Wrong(f"one of the functions {', '.join(sorted(ARGUMENTS))}", function, ARGUMENTS)
    raise Wrong("numbers, names, + - * / ( ) and functions", ast.unparse(node)[:LENGTH_MAX])


def _numbers(arguments: range) -> str:
    least, most = arguments.start, arguments.stop - 1
    return f"{least} number" if most == 1 else f"{least} to {most} numbers"


def _told(each: Expression, of: Mapping[str, Floats], places: Mapping[str, int]) -> Told:
    """Forward mode: value and slopes of the parts first."""
    if each.name:
        value = np.asarray(of[each.name], np.float64)
        slopes = np.zeros((len(places), len(value)))
        slopes[places[each.name]] = 1.0
        return Told(value, slopes)
    if not each.operation:
        rows = len(next(iter(of.values())))
        return Told(np.full(rows, each.number), np.zeros((len(places), rows)))
    return RULES[each.operation](*(_told(part, of, places) for part in each.parts))


def _product(a: Told, b: Told) -> Told:
    return Told(a.value * b.value, a.slopes * b.value + b.slopes * a.value)


def _quotient(a: Told, b: Told) -> Told:
    below = np.where(b.value != 0, b.value, np.nan)
    value = a.value / below
    return Told(value, (a.slopes - value * b.slopes) / below)


def _root(a: Told) -> Told:
    value = np.sqrt(a.value)
    return Told(value, np.where(a.slopes != 0, a.slopes / (2 * value), 0.0))


def _power(a: Told) -> Told:
    value = np.exp(a.value)
    return Told(value, a.slopes * value)


def _greatest(first: Told, *others: Told) -> Told:
    """The first of those that are as great."""
    for other in others:
        keeps = (first.value >= other.value) | np.isnan(first.value)
        value = np.where(keeps & ~np.isnan(other.value), first.value, other.value)
        first = Told(value, np.where(keeps, first.slopes, other.slopes))
    return first


def _least(*several: Told) -> Told:
    return _minus(_greatest(*map(_minus, several)))


def _minus(a: Told) -> Told:
    return Told(-a.value, -a.slopes)


RULES: Final[Mapping[str, Callable[..., Told]]] = {
    "+": lambda a, b: Told(a.value + b.value, a.slopes + b.slopes),
    "-": lambda a, b: Told(a.value - b.value, a.slopes - b.slopes),
    "*": _product,
    "/": _quotient,
    "sqrt": _root,
    "log": lambda a: Told(np.log(np.where(a.value > 0, a.value, np.nan)), a.slopes / a.value),
    "exp": _power,
    "abs": lambda a: Told(np.abs(a.value), a.slopes * np.where(a.value < 0, -1.0, 1.0)),
    "min": _least,
    "max": _greatest,
}
