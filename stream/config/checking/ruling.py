"""What is wrong with a policy beyond its single values: conditions with two keys or none, schedules without any."""

from collections.abc import Iterator, Sequence
from typing import Final

from sinks.dispatch.targets.entry import named
from stream.config.mistakes import Objection, Path, choice, nearest, repeated
from stream.config.sections.policy import KINDS, LABELLED, SEVERITIES, Condition, Maintenance, Rule, Selector
from stream.config.settings import Model, Settings

RULES_MAX: Final = 20  # of a model; each is asked at every close
LEAVES_MAX: Final = 60  # conditions on findings, of all rules of a model
REASONS: Final = ("schedule", "manual")  # beside the severities, whom a trigger is for
Found = Iterator[Objection]


def policy(model: Model, settings: Settings) -> Found:
    """All that is wrong with the policy of a model."""
    path: Path = ("policy", "rules")
    rules = model.policy.rules
    if len(rules) > RULES_MAX:
        yield Objection(path, f"at most {RULES_MAX} rules", str(len(rules)))
    yield from repeated(path, tuple(rule.name for rule in rules))
    leaves = 0
    for i, rule in enumerate(rules):
        yield from _condition((*path, i, "when"), rule.when)
        kinds = list(_kinds(rule.when))
        leaves += len(kinds)
        yield from _asked((*path, i, "when"), rule, kinds, model, settings)
    if leaves > LEAVES_MAX:
        yield Objection(path, f"at most {LEAVES_MAX} conditions on findings in all rules together", str(leaves))
    yield from _schedules(model)
    for i, span in enumerate(model.policy.maintenance):
        yield from _maintenance(("policy", "maintenance", i), span)
    for name in model.policy.targets:
        if name not in (names := (*SEVERITIES, *REASONS)):
            yield Objection(("policy", "targets", name), choice(names), name, nearest(name, names))
    yield from _misspelt(model, [named(entry) for entry in settings.dispatch.targets])


def _misspelt(model: Model, known: Sequence[str]) -> Found:
    """Names of targets that are nearly those of our own; others may be known to another dispatcher."""
    asked: list[tuple[Path, Sequence[str]]] = [
        (("rules", i, "targets"), rule.targets) for i, rule in enumerate(model.policy.rules)
    ]
    asked += [(("schedules", i, "targets"), one.targets) for i, one in enumerate(model.policy.schedules)]
    asked += [(("targets", reason), names) for reason, names in model.policy.targets.items()]
    for path, names in asked:
        for i, name in enumerate(names):
            if name not in known and (meant := nearest(name, known)):
                yield Objection(("policy", *path, i), choice(known), name, meant)


def _schedules(model: Model) -> Found:
    path: Path = ("policy", "schedules")
    yield from repeated(path, tuple(one.name for one in model.policy.schedules))
    for i, one in enumerate(model.policy.schedules):
        if (one.cron is None) == (one.events is None):
            yield Objection((*path, i), "either cron or events")


def _maintenance(path: Path, span: Maintenance) -> Found:
    once, often = (span.from_, span.to), (span.cron, span.for_)
    if not (None not in once and often == (None, None)) and not (None not in often and once == (None, None)):
        yield Objection(path, "from and to, or cron and for")
    elif span.from_ is not None and span.to is not None and span.from_ >= span.to:
        yield Objection((*path, "to"), "a time after `from`")


def _condition(path: Path, one: Condition) -> Found:
    """Exactly one key each, all the way down."""
    lists = {"all": one.all, "any": one.any, "of": one.of}
    said = [kind for kind, _ in one.selected] + [name for name, some in lists.items() if some]
    said += ["not"] if one.not_ is not None else []
    if len(said) != 1:
        yield Objection(path, f"one of all, any, not, at_least with of, {choice(KINDS)}", f"{len(said)} of them")
    if (one.at_least is None) != (not one.of):
        yield Objection(path, "at_least together with of")
    elif one.at_least is not None and one.at_least > len(one.of):
        yield Objection((*path, "at_least"), f"at most {len(one.of)}, as there are conditions", str(one.at_least))
    for name, some in lists.items():
        for i, part in enumerate(some):
            yield from _condition((*path, name, i), part)
    if one.not_ is not None:
        yield from _condition((*path, "not"), one.not_)
    for kind, selector in one.selected:
        yield from _selector((*path, kind), kind, selector)


def _selector(path: Path, kind: str, one: Selector) -> Found:
    if one.open < 1:
        yield Objection((*path, "open"), "1 or more: what is below its limit is no finding", f"{one.open:g}")
    if one.close is not None and not 1 <= one.close <= one.open:
        yield Objection((*path, "close"), "from 1 to `open`", f"{one.close:g}")
    if one.quorum and kind not in {"drift", "quality"}:
        yield Objection((*path, "quorum"), "a quorum of features only in drift and quality", f"{one.quorum:g}")


def _asked(path: Path, rule: Rule, kinds: list[tuple[str, Selector, bool]], model: Model, settings: Settings) -> Found:
    """A rule that can never hold is a mistake, not a wish."""
    if kinds and all(turned for _, _, turned in kinds):
        yield Objection(path, f"a condition that something found can make true: {rule.name} only has `not`")
    for kind, selector, _ in kinds:
        if kind in LABELLED and not settings.events.labels:
            yield Objection((*path, kind), "topics of labels under `events`: without labels this is never found")
        if selector.window is not None and selector.window not in model.windows:
            yield Objection((*path, kind, "window"), "the length of one of the model's windows")


def _kinds(one: Condition, *, turned: bool = False) -> Iterator[tuple[str, Selector, bool]]:
    """All kinds that a condition names, and whether they speak against it."""
    for kind, selector in one.selected:
        yield kind, selector, turned
    for part in (*one.all, *one.any, *one.of):
        yield from _kinds(part, turned=turned)
    if one.not_ is not None:
        yield from _kinds(one.not_, turned=not turned)
