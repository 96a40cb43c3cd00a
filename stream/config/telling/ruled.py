"""The sentences of `driftline check` about policies: what opens an incident, what asks for retraining, and when not."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from stream.config.sections.policy import KINDS, Condition, Maintenance, Rule, Scheduled, Selector
from stream.config.settings import Model, Settings
from stream.config.units import spelled_duration

CALLED = {
    "drift": "drift of a feature",
    "prediction_drift": "drift of what the model says",
    "quality": "broken input",
    "attribution": "drift of attributions",
    "performance": "worse performance",
    "estimated_performance": "worse estimated performance",
    "fairness": "a gap between groups",
    "latency": "slower answers",
    "errors": "more failing answers",
    "traffic": "missing traffic",
    "labels": "labels that come for a part",
    "chosen": "a finding of a chosen detector or test",
}
CLOSES = (
    "Each condition looks at the windows of one series; an incident closes when as many windows are clean, and the "
    "newest of the next longer ones, too (where they are at most 12 times as long): short ones miss what goes on."
)
assert CALLED.keys() == {*KINDS}


def policies(settings: Settings) -> tuple[str, ...]:
    """What is done about findings, model by model; those that do the same are told together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for pattern, model in settings.patterns:
        together.setdefault(tuple(_model(model, labelled=bool(settings.events.labels))), []).append(pattern)
    each = (f"{', '.join(patterns)}: {sentence}" for told, patterns in together.items() for sentence in told)
    return (
        *each,
        "There is one incident at a time of each version, and one that labels open; it asks at most once.",
        CLOSES,
    )


def _model(model: Model, *, labelled: bool) -> Iterator[str]:
    if model.policy.rules:
        for rule in model.policy.rules:
            yield _rule(rule, model)
        if hasty := [rule.name for rule in model.policy.rules if _hasty(rule.when, model)]:
            k, n = model.trigger.windows, model.trigger.of
            promise = f"false_triggers_per_month is kept by drift in {k} of {n} windows (`trigger`)"
            yield f"{promise}; {', '.join(hasty)} asks for less, and may be wrong more often."
    else:
        lasts = f"in {model.trigger.windows} of {model.trigger.of} windows"
        quiet = _quiet(model.trigger.cooldown) if model.trigger.enabled else "and asks for nothing"
        kinds = " or ".join(CALLED[kind] for kind in ("drift", "prediction_drift", "attribution"))
        yield f"{kinds} {lasts} opens an incident (warning) {quiet}{_for(model, 'warning')}."
        if labelled:
            yield f"{CALLED['performance']} {lasts} opens one (critical) {quiet}{_for(model, 'critical')}."
        yield "Everything else is found and shown, and opens no incident."
    for schedule in model.policy.schedules:
        yield _schedule(schedule, model)
    for span in model.policy.maintenance:
        yield _maintenance(span)


def _rule(rule: Rule, model: Model) -> str:
    cooldown = model.trigger.cooldown if rule.cooldown is None else rule.cooldown
    asks = _quiet(cooldown) if rule.trigger and model.trigger.enabled else "and asks for nothing"
    named = _named(rule.targets) or _for(model, rule.severity)
    return f"{rule.name}: {_condition(rule.when, model)} opens an incident ({rule.severity}) {asks}{named}."


def _hasty(one: Condition, model: Model) -> bool:
    """Whether fewer windows are enough than the budget of false triggers is made for; each series has its own."""
    parts = (*one.all, *one.any, *one.of)
    for kind, selector in one.selected:
        if kind in {"drift", "prediction_drift"} and selector.for_ is not None:
            k, n = (int(each) for each in selector.for_.split()[0:3:2])
            return k < model.trigger.windows or n - k > model.trigger.of - model.trigger.windows
    hasty = [_hasty(part, model) for part in parts]
    return all(hasty) if one.all else any(hasty)


def _quiet(cooldown: int) -> str:
    quiet = f", not again for {spelled_duration(cooldown)}" if cooldown else ""
    return f"and asks for retraining{quiet}"


def _for(model: Model, severity: str) -> str:
    return _named(model.policy.targets.get(severity, ()))


def _named(targets: Sequence[str]) -> str:
    return f", for {', '.join(targets)}" if targets else ""


def _condition(one: Condition, model: Model) -> str:
    """A condition as a phrase."""
    if one.all:
        return _several(one.all, " and ", model)
    if one.any:
        return _several(one.any, " or ", model)
    if one.of:
        return f"at least {one.at_least} of [{'; '.join(_condition(part, model) for part in one.of)}]"
    if one.not_ is not None:
        return f"no [{_condition(one.not_, model)}]"
    ((kind, selector),) = one.selected
    return _selector(kind, selector, model)


def _several(parts: Sequence[Condition], word: str, model: Model) -> str:
    told = [_condition(part, model) for part in parts]
    return word.join(f"[{each}]" if " and " in each or " or " in each else each for each in told)


def _selector(kind: str, one: Selector, model: Model) -> str:
    told = [CALLED[kind]]
    told += [f"like {one.feature}"] if one.feature != "*" else []
    told += [f"in segments like {one.segment}" if one.segment else "over all events"] if one.segment != "*" else []
    told += [f"of {spelled_duration(one.window)}"] if one.window else []
    told += ["that is critical"] if one.severity == "critical" else []
    told += [f"in {one.for_ or f'{model.trigger.windows} of {model.trigger.of} windows'}"]
    if one.open != 1 or one.close is not None:
        told.append(f"from {one.open:g} times its limit until below {one.open if one.close is None else one.close:g}")
    told += [f"with {one.quorum:.0%} of the weight of all features"] if one.quorum else []
    return " ".join(told)


def _schedule(one: Scheduled, model: Model) -> str:
    when = f"at {one.cron} (cron, UTC, event time)" if one.cron else f"every {one.events:,} events"
    names = one.targets or model.policy.targets.get("schedule", ())
    return f"{one.name}: asks for retraining {when}{_named(names)}."


def _maintenance(span: Maintenance) -> str:
    if span.cron and span.for_:
        return f"nothing is asked for {spelled_duration(span.for_)} from each {span.cron} on ({span.why})."
    times = [
        datetime.fromtimestamp(time / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")
        for time in (span.from_, span.to)
        if time is not None
    ]
    return f"nothing is asked for from {' to '.join(times)} ({span.why})."
