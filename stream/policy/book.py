"""The rules of a model, ready to be asked: conditions as trees over leaves, in the order in which they are tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from stream.config.sections.policy import LABELLED, SEVERITIES, Condition, Selector, Severity
from stream.config.settings import Model
from stream.policy.leaves import Leaf
from stream.policy.sightings import CRITICAL

DRIFT, PERFORMANCE = "drift", "performance"  # the default rules
LONGER_MAX: Final = 12  # times the length that opened an incident: of the usual windows an hour for five minutes
EVERYONE: Final[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Node:
    """A condition: a leaf by its place, or k of `parts`; `not_` turns it round."""

    leaf: int = -1
    parts: tuple["Node", ...] = ()
    k: int = 1
    not_: bool = False

    def holds(self, leaves: Sequence[bool]) -> bool:
        """Whether it is so, given which leaves hold."""
        found = leaves[self.leaf] if self.leaf >= 0 else sum(part.holds(leaves) for part in self.parts) >= self.k
        return found is not self.not_

    def asked(self, *, turned: bool = False) -> Iterator[int]:
        """The leaves that speak for it; those that speak against it have no part in an incident."""
        turned ^= self.not_
        if self.leaf >= 0:
            yield from () if turned else (self.leaf,)
        for part in self.parts:
            yield from part.asked(turned=turned)

    def places(self) -> Iterator[int]:
        """The places of all its leaves, in order."""
        yield from (self.leaf,) if self.leaf >= 0 else ()
        for part in self.parts:
            yield from part.places()


@dataclass(frozen=True)
class Ruling:
    """A rule with its condition; `asked` are the leaves that can open its incidents, `n` windows must be clean."""

    name: str
    when: Node
    severity: Severity
    targets: tuple[str, ...]
    triggers: bool
    cooldown: int
    asked: frozenset[int]
    n: int
    labelled: bool  # it waits for labels


@dataclass(frozen=True)
class Book:
    """All rules of a model: the most severe first, then as they were written."""

    leaves: tuple[Leaf, ...]
    rules: tuple[Ruling, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()  # of the model's windows, ascending

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds that the rules ask for: such findings belong to incidents."""
        return frozenset(leaf.kind for leaf in self.leaves)

    def longer(self, length: int) -> int | None:
        """The windows that must be clean, too, before an incident of this length closes: the next longer ones.

        A short window has few events, and at night it misses what goes on; a much longer one would keep open for a day
        what was over in an hour.
        """
        return next((each for each in self.lengths if length < each <= LONGER_MAX * length), None)

    def ruling(self, name: str) -> Ruling | None:
        """The rule of a name; None where a changed configuration has none."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def told(self, *, labelled: bool) -> tuple[Ruling, ...]:
        """The rules that are decided with labels, or without."""
        return tuple(rule for rule in self.rules if rule.labelled == labelled)


def rank(severity: str) -> int:
    """How severe, ascending."""
    return SEVERITIES.index(severity)


def book(model: Model) -> Book:
    """The rules of a model."""
    leaves: list[Leaf] = []
    rules = [*(_written(model, leaves) if model.policy.rules else _default(model, leaves))]
    ordered = sorted(rules, key=lambda rule: -rank(rule.severity))
    return Book(tuple(leaves), tuple(ordered), model.policy.importance, model.windows)


def _written(model: Model, leaves: list[Leaf]) -> Iterator[Ruling]:
    for rule in model.policy.rules:
        when = _node(rule.when, model, leaves)
        cooldown = model.trigger.cooldown if rule.cooldown is None else rule.cooldown
        triggers = rule.trigger and model.trigger.enabled
        targets = rule.targets or model.policy.targets.get(rule.severity, EVERYONE)
        yield _ruling(rule.name, when, rule.severity, targets, leaves, triggers=triggers, cooldown=cooldown)


def _default(model: Model, leaves: list[Leaf]) -> Iterator[Ruling]:
    """Drift of a feature or of what the model says, for as long as `trigger` says; performance for as long.

    The others are found and shown, and ask for nothing: what is slow or fails, a retraining does not cure; an estimate
    is no label; and the budget of false triggers is that of these two.
    """
    trigger = model.trigger
    k, n = trigger.windows, trigger.of
    first = len(leaves)
    leaves += [Leaf(kind, k=k, n=n) for kind in ("drift", "prediction_drift", "attribution")]
    leaves += [Leaf("performance", segment="", alarms=False, k=k, n=n)]
    drift, performance = Node(parts=tuple(Node(first + i) for i in range(3))), Node(first + 3)
    named: tuple[tuple[str, Node, Severity], ...] = (
        (DRIFT, drift, "warning"),
        (PERFORMANCE, performance, "critical"),
    )
    for name, when, severity in named:
        targets = model.policy.targets.get(severity, EVERYONE)
        how = (name, when, severity, targets, leaves)
        yield _ruling(*how, triggers=trigger.enabled, cooldown=trigger.cooldown)


def _ruling(  # noqa: PLR0913 - a rule
    name: str,
    when: Node,
    severity: Severity,
    targets: tuple[str, ...],
    leaves: Sequence[Leaf],
    *,
    triggers: bool,
    cooldown: int,
) -> Ruling:
    asked = frozenset(when.asked())
    n = max((leaves[i].n for i in asked), default=1)
    labelled = any(leaves[i].kind in LABELLED for i in when.places())
    return Ruling(name, when, severity, targets, triggers, cooldown, asked, n, labelled)


def _node(condition: Condition, model: Model, leaves: list[Leaf]) -> Node:
    """A condition as a tree; exactly one of its keys is there, `stream.config.checking.ruling` has looked."""
    for kind, selector in condition.selected:
        leaves.append(_leaf(kind, selector, model))
        return Node(len(leaves) - 1)
    if condition.not_ is not None:
        return Node(parts=(_node(condition.not_, model, leaves),), not_=True)
    parts = tuple(_node(part, model, leaves) for part in (*condition.all, *condition.any, *condition.of))
    k = condition.at_least or (len(parts) if condition.all else 1)
    return Node(parts=parts, k=k)


def _leaf(kind: str, selector: Selector, model: Model) -> Leaf:
    k, n = lasts(selector, model)
    opens = max(selector.open, CRITICAL if selector.severity == "critical" else 1.0)
    closes = opens if selector.close is None else min(selector.close, opens)
    about = (kind, selector.feature, selector.segment, selector.window, k, n, opens, closes)
    return Leaf(*about, selector.quorum, selector.alarms)


def lasts(selector: Selector, model: Model) -> tuple[int, int]:
    """In how many windows of how many."""
    if selector.for_ is None:
        return model.trigger.windows, model.trigger.of
    k, _, n, _ = selector.for_.split()
    return int(k), int(n)
