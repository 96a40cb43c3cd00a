"""The metrics that a model adds to those of its kind, and what its decisions are worth: what is wrong, what is said."""

import re
from collections.abc import Iterator

from detectors.performance.expressed import DECIDED, KINDS, kinds, taken
from detectors.performance.expression import Expression, Wrong, parsed
from detectors.performance.versions.comparable import CELLS
from stream.config.mistakes import Objection, Path, choice, nearest, shown
from stream.config.settings import DECISIONS, Model, Settings

METRICS_MAX = 20  # each is a row per window, version and segment
NAME = r"[a-z][a-z0-9_]{0,39}"
WORTH_MAX = 1e9
WORTHY = ("binary", "multiclass", "auto")
NUMBERS = ("regression", "auto")
QUANTILES_MAX = 20  # of each a metric per window, and 8 bytes of each prediction that waits
PAIRS_SHOWN = 12  # of decision and class
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
        elif taken(name):
            yield Objection(("metrics", name), "a new name: this is a metric already", name)
        yield from _expression(model.output.kind, name, text)


def better(model: Model, _: Settings) -> Iterator[Objection]:
    """Directions of what is no metric of the model's own: those of all others are known."""
    for name in model.better:
        if name not in model.metrics:
            expected = choice(sorted(model.metrics)) if model.metrics else "a metric of `metrics`, which has none"
            yield Objection(("better", name), expected, shown(name), nearest(name, model.metrics))


def quantiles(model: Model, _: Settings) -> Iterator[Objection]:
    """Quantiles of what is no number, too many of them, and such as are not in order."""
    kind, said, path = model.output.kind, model.output.quantiles, ("output", "quantiles")
    if said and kind not in NUMBERS:
        yield Objection(path, f"only beside the kind {choice(NUMBERS[:-1])}", kind)
    if len(said) > QUANTILES_MAX:
        yield Objection(path, f"at most {QUANTILES_MAX}", str(len(said)))
    if list(said) != sorted({*said}):
        yield Objection(path, "each once, in rising order", ", ".join(f"{each:g}" for each in said))


def worth(model: Model, _: Settings) -> Iterator[Objection]:
    """Decisions that do not exist, and worths that cannot be added up."""
    kind, said = model.output.kind, model.output.worth
    if said and kind not in WORTHY:
        yield Objection(("output", "worth"), f"only beside the kind {choice(WORTHY[:-1])}", kind)
    classes = kind == "multiclass" or (kind == "auto" and any(isinstance(each, dict) for each in said.values()))
    for name, value in said.items():
        path = ("output", "worth", name)
        if classes and not isinstance(value, dict):
            yield Objection(path, "classes that may be true, as `{bug: -3}`", f"{value:g}")
        elif not classes and name not in DECISIONS:
            yield Objection(path, choice(DECISIONS), shown(name), nearest(name, DECISIONS))
        elif not classes and isinstance(value, dict):
            yield Objection(path, "a number", "a mapping")
        else:
            yield from _bounded(path, value)


def _bounded(path: Path, value: float | dict[str, float]) -> Iterator[Objection]:
    """Worths that are too great."""
    for *more, each in value.items() if isinstance(value, dict) else [(value,)]:
        if not abs(each) <= WORTH_MAX:
            yield Objection((*path, *more), f"from {-WORTH_MAX:.0f} to {WORTH_MAX:.0f}", f"{each:g}")


def measured(settings: Settings) -> Iterator[str]:
    """What models measure beside the metrics of their kind, in sentences."""
    for pattern, model in settings.patterns:
        worths = _worths(model)
        way = {name: f" ({direction} is better)" for name, direction in model.better.items()}
        own = "; ".join(f"{name} = {text}{way.get(name, '')}" for name, text in sorted(model.metrics.items()))
        if model.output.worth:
            yield f"What a decision of {pattern} is worth: {worths}."
        if model.output.quantiles:
            yield f"Quantiles that {pattern} predicts: {', '.join(f'{each:g}' for each in model.output.quantiles)}."
        if own:
            yield f"Metrics of {pattern} beside those of its kind: {own}."


def _worths(model: Model) -> str:
    """What decisions are worth, as a sentence lists it."""
    pairs = sorted(model.output.pairs)
    if not pairs:
        return ", ".join(f"{name} {model.output.decisions.get(name, 0):g}" for name in DECISIONS)
    told = [f"{said} where {true} is true {each:g}" for said, true, each in pairs[:PAIRS_SHOWN]]
    more = f"{len(pairs) - PAIRS_SHOWN} more pairs" if len(pairs) > PAIRS_SHOWN else ""
    return ", ".join(filter(None, (*told, more, "all others 0")))


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
