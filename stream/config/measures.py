"""The metrics that a model adds to those of its kind, and what its decisions are worth: what is wrong, what is said."""

import re
from collections.abc import Iterator

from detectors.performance.comparable import CELLS
from detectors.performance.expressed import DECIDED, KINDS, TAKEN, kinds
from detectors.performance.expression import Expression, Wrong, parsed
from stream.config.mistakes import Objection, choice, nearest, shown
from stream.config.settings import DECISIONS, Model, Settings

METRICS_MAX = 20  # each is a row per window, version and segment
NAME = r"[a-z][a-z0-9_]{0,39}"
WORTH_MAX = 1e9
ALONE = "one metric: how several of this kind err together is not known"
TOGETHER = f"one metric, or several of {choice((*CELLS, *DECIDED))}, whose errors are known together"


def metrics(model: Model, _: Settings) -> Iterator[Objection]:
    """Names that are taken, and texts that are no expressions over the metrics of the model's kind."""
    if len(model.metrics) > METRICS_MAX:
        yield Objection(("metrics",), f"at most {METRICS_MAX}", str(len(model.metrics)))
    for name, text in model.metrics.items():
        if not re.fullmatch(NAME, name):
            expected = "a name: lower-case letters, digits and `_`, at most 40"
            yield Objection(("metrics", name), expected, shown(name))
        elif name in TAKEN:
            yield Objection(("metrics", name), "a new name: this is a metric already", name)
        yield from _expression(model.output.kind, name, text)


def better(model: Model, _: Settings) -> Iterator[Objection]:
    """Directions of what is no metric of the model's own: those of all others are known."""
    for name in model.better:
        if name not in model.metrics:
            expected = choice(sorted(model.metrics)) if model.metrics else "a metric of `metrics`, which has none"
            yield Objection(("better", name), expected, shown(name), nearest(name, model.metrics))


def worth(model: Model, _: Settings) -> Iterator[Objection]:
    """Decisions that do not exist, and worths that cannot be added up."""
    if model.output.worth and model.output.kind not in {"binary", "auto"}:
        yield Objection(("output", "worth"), "only beside the kind binary", model.output.kind)
    for name, value in model.output.worth.items():
        path = ("output", "worth", name)
        if name not in DECISIONS:
            yield Objection(path, choice(DECISIONS), shown(name), nearest(name, DECISIONS))
        elif abs(value) > WORTH_MAX:
            yield Objection(path, f"from {-WORTH_MAX:.0f} to {WORTH_MAX:.0f}", f"{value:g}")


def measured(settings: Settings) -> Iterator[str]:
    """What models measure beside the metrics of their kind, in sentences."""
    for pattern, model in settings.patterns:
        worths = ", ".join(f"{name} {model.output.worth.get(name, 0):g}" for name in DECISIONS)
        way = {name: f" ({direction} is better)" for name, direction in model.better.items()}
        own = "; ".join(f"{name} = {text}{way.get(name, '')}" for name, text in sorted(model.metrics.items()))
        if model.output.worth:
            yield f"What a decision of {pattern} is worth: {worths}."
        if own:
            yield f"Metrics of {pattern} beside those of its kind: {own}."


def _expression(kind: str, name: str, text: str) -> Iterator[Objection]:
    path = ("metrics", name)
    mine = tuple(KINDS) if kind == "auto" else (kind,)
    known = {each for one in mine for each in KINDS[one]}
    try:
        read = parsed(text, known)
    except Wrong as wrong:
        expected = wrong.expected or f"a metric of the kind {choice(mine)}"
        yield Objection(path, expected, shown(wrong.found), nearest(wrong.found, wrong.known))
        return
    if not {*kinds(read)} & {*mine}:
        yield Objection(path, _fitting(kind, read), shown(text))


def _fitting(kind: str, read: Expression) -> str:
    """What is expected of metrics that all exist, but not together."""
    of = [each for each, names in KINDS.items() if {*read.names} <= {*names}]
    if not of:
        return "metrics of one kind of answers"
    return TOGETHER if "binary" in of and kind in {"binary", "auto"} else ALONE
