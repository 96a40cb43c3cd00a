"""What a seed configures: windows, lateness, how far ahead, which topics and partitions, segments, learning."""

import dataclasses
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from math import lcm

from msgspec.structs import replace

from detectors import importance
from detectors.verdict import days as varying
from stream.answers import probable, teaching
from stream.config.checking import earlier
from stream.config.parse import parse
from stream.config.settings import Limits, Settings
from stream.events import Partition
from stream.joining import showing
from stream.monitor.estimates import errors, examples, heard, learned
from stream.monitor.performance import matured
from stream.monitor.plans import promoting
from stream.monitor.plans.onboarding import File, Sources
from stream.monitor.verdicts import differing
from stream.monitor.verdicts import earlier as chosen
from stream.reference import from_columns
from stream.reference.columns import of_documents
from stream.taught import truth

SECOND = 1_000  # event time is in ms here
MOVING = ("previous: 1", "previous: 3", "days: 1", "days: 2, previous: 1", "weeks: 1, days: 1")
PENDING = (4, 30, 20_000_000)  # predictions of a model that may wait: few of its ids, most of them, all


OWN = {  # metrics of the model shop's own
    "auto": "cost: 5 * false_negatives + false_positives, gini: 2 * roc_auc - 1",
    "multiclass": "wrong: 1 - accuracy",
    "ranking": "late: 1 - mrr",
    "regression": "rough: rmse / 2",
}
_CROSSED = {"[site, country]": "site x country"}
_ASKED = {"{name: big, where: amount > 100 and country == 'FR' or n == 1 or odd is missing}": "big"}
_BOTH = {
    "{name: big, where: 'not (n < 3 or site != ''paris'')'}": "big",
    "[country, big, site]": "country x big x site",
}
TOLD: tuple[tuple[dict[str, str], dict[str, str]], ...] = (  # beside fields: as it is written, and its name
    ({}, {}), ({}, _CROSSED), (_CROSSED, {}), (_ASKED, _ASKED), (_ASKED, _BOTH), (_BOTH, _CROSSED | _ASKED),
)  # fmt: skip
_FEW = ", tests: [ks, welch, g], together: [correlation, pca, classifier], sample: 50, pairs: 2, findings: {ks: 0.2}"
_MORE = ", tests: [ks, mann_whitney, chi_square], together: [correlation], sample: 90, pairs: 3"
DRAWN = (("", ""), ("", _FEW), (_FEW, _FEW), (_FEW, _MORE), (_MORE, _FEW), (_MORE, ""))  # tests of samples


@dataclass(frozen=True)
class Shape:
    """One seed's configuration, before and after the change of plan, and the partitions that it reads."""

    texts: tuple[str, ...]  # of each act
    pane: int  # ms
    lateness: int  # ms
    idle: float  # s of wall time
    partitions: tuple[Partition, ...]
    late: tuple[Partition, ...]  # of these the ones that are created after the beginning
    models: tuple[str, ...]
    labels: frozenset[str]  # topics
    kind: str  # of what the model shop answers
    forgets: bool  # whether rows go that nobody needs any more
    day: int  # ns: a whole number of every window, so short that a log has several

    def settings(self, act: int) -> Settings:
        """The configuration of an act."""
        return _parsed(self.texts[act])

    def shared(self, act: int, names: tuple[str, ...], name: str) -> Settings:
        """That of one of several monitors, or of their workers."""
        settings = self.settings(act)
        return replace(settings, monitors=replace(settings.monitors, names=names, name=name))


@lru_cache(maxsize=256)  # many seeds have one and the same
def _parsed(text: str) -> Settings:
    return parse(text)


@cache
def sources(limits: Limits) -> Sources:
    """Where a life's plans come from; those of the file are made once for all lives."""
    return Sources(limits, {"reference": _REFERENCE})


@contextmanager
def few(day: int) -> Iterator[None]:
    """So few labels teach and tell something, and so short are days, ns, that a small log has enough of them."""
    limits = ((truth, "LEAST", 2), (learned, "LEAST", 2), (teaching, "LEAST", 2), (matured, "LEAST", 1))
    limits += ((probable, "LEAST", 2), (heard, "KNOWN", 0.0), (heard, "LEAST", 1), (errors, "LEAST", 1))
    limits += ((promoting, "ROWS_MIN", 2), (varying, "PANES_MIN", 1))
    weighed = (
        (importance, "ROWS_LEAST", 2),
        (importance, "EFFECTIVE_LEAST", 1.0),
        (examples, "ENOUGH", 2),
        (showing, "ONE_IN", 1),
    )
    days = [(module, name, day * n) for module in (earlier, chosen, differing) for name, n in (("DAY", 1), ("WEEK", 2))]
    places = (*limits, *weighed, *days)
    usual = [(module, name, getattr(module, name)) for module, name, _ in places]
    for module, name, least in places:
        setattr(module, name, least)
    try:
        yield
    finally:
        for module, name, least in usual:
            setattr(module, name, least)


def _reference() -> File:
    """What a file says of the models: their features before anything has changed, and what some were in the end."""
    dice, rows = random.Random(1), []
    for i in range(300):
        features = {"amount": dice.gauss(100, 15), "n": dice.randrange(6), "country": dice.choice(("FR", "DE", "ES"))}
        about = {"id": str(i), "kind": "prediction", "model": "shop", "version": "1", "time": i}
        said = {"features": features, "score": dice.random(), "segments": {"site": "paris"}}
        rows += [about | said, {"id": str(i), "kind": "label", "model": "shop", "time": i, "label": i % 2}]
    return File(dataclasses.replace(from_columns(of_documents(rows)), models=None), "told")  # of whatever model


_REFERENCE = _reference()


ONE = "{for: 1 of 1 windows}"
CLOSED = (
    (
        f"rules: [{{name: any, when: {{any: [{{drift: {ONE}}}, {{quality: {ONE}}}, {{chosen: {ONE}}}, "
        f"{{latency: {ONE}}}]}}}}]"
    ),
    (
        f"rules: [{{name: not, when: {{all: [{{drift: {{open: 1.2, close: 1}}}}, {{not: {{quality: {ONE}}}}}]}}}}, "
        f"{{name: few, when: {{drift: {{for: 1 of 2 windows, quorum: 0.4}}}}, severity: critical, cooldown: 0s}}]"
    ),
)
LABELLED = (
    (
        f"rules: [{{name: both, when: {{at_least: 2, of: [{{drift: {ONE}}}, {{performance: {ONE}}}, {{chosen: {ONE}}}, "
        f"{{fairness: {ONE}}}, {{labels: {ONE}}}]}}}}, {{name: drift, when: {{drift: {ONE}}}, trigger: false}}]"
    ),
    (
        f"rules: [{{name: worse, when: {{any: [{{performance: {ONE}}}, {{estimated_performance: {ONE}}}, "
        f"{{all: [{{not: {{drift: {ONE}}}}}, {{fairness: {ONE}}}]}}]}}, cooldown: 5s}}]"
    ),
)
TIMES = (
    'schedules: [{name: minute, cron: "* * * * *"}, {name: many, events: 40}]',
    'maintenance: [{cron: "*/2 * * * *", for: 50s, why: nightly job}]',
)


def _policy(text: str, *, labelled: bool) -> str:
    """A policy by chance; most configurations have the default one."""
    dice = random.Random(f"policy {text}")
    if dice.random() < 0.4:
        return text
    rules = dice.choice((*CLOSED, *(LABELLED * 2 if labelled else ()), ""))
    parts = ", ".join(filter(None, (rules, dice.choice(("", *TIMES, ", ".join(TIMES))))))
    return text.replace("trigger: {cooldown: 10s}}", f"trigger: {{cooldown: 10s}}, policy: {{{parts}}}}}")


def _listed(fields: str, *more: str) -> str:
    """A list of YAML with more in it."""
    return f"[{', '.join(filter(None, (fields.strip('[]'), *more)))}]"


def shape(dice: random.Random) -> Shape:
    """A configuration by chance, of what changes how time and order go."""
    pane = dice.choice((5, 10))
    lateness = dice.choice((1, 2, 4))
    ahead = pane * dice.choice((1, 2, 2, 4))
    idle = dice.choice((2, 3))
    windows = [pane * n for n in dice.choice(((1, 2), (1, 3), (2,), (2, 3)))]
    mixed, apart, quiet = dice.random() < 0.4, dice.random() < 0.3, dice.random() < 0.25
    predictions = ["predictions", *(["mixed"] if mixed else [])]
    labels = [*(["mixed"] if mixed else []), *(["labels"] if apart else [])]
    partitions = [(topic, 0) for topic in dict.fromkeys((*predictions, *labels))]
    partitions += [("predictions", n) for n in range(1, dice.choice((1, 2, 2, 3)))]
    late = [each for each in partitions[1:] if dice.random() < 0.2]
    segments = dice.choice((("[]", "[]"), ("[]", "[site]"), ("[site]", "[site]"), ("[site]", "[site, country]")))
    changed = dice.random() < 0.6
    reference = "{file: reference}" if dice.random() < 0.15 else f"{{learn: {pane * dice.choice((2, 3))}s}}"
    sample, models = dice.choice((150, 4096)), dice.choice((3, 200))
    pending = PENDING[(pane + lateness + idle) % len(PENDING)]
    text = f"""
limits: {{sample: {sample}, models: {models}, pending: {pending}}}
events: {{predictions: [{", ".join(predictions)}], labels: [{", ".join(labels)}], max_skew: {lateness + 2}s,
         max_ahead: {ahead}s, idle: {idle}s}}
defaults: {{windows: [{", ".join(f"{n}s" for n in windows)}], lateness: {lateness}s, tolerate: 0.02,
           labels: {{within: {4 * pane}s, coverage: 0.05}},
           sequential: {{features: [adwin, ewma, kswin, page_hinkley], errors: [adwin, ddm, eddm, hddm_a, hddm_w]}},
           false_triggers_per_month: 10000, reference: {reference}, trigger: {{cooldown: 10s}}}}
models:
  "*": {{}}
  shop: {{segments: SEGMENTS, output: {{kind: KIND}}}}
"""
    kind = random.Random(text).choice(("auto", "auto", "multiclass", "ranking"))  # the other draws stay what they are
    if kind == "auto" and random.Random(text + "numbers").random() < 0.3:
        kind = "regression"
    text = text.replace("KIND}", f"{kind}}}, drift: {{measures: [hellinger, energy]}}, metrics: {{{OWN[kind]}}}")
    if quiet and mixed:
        text += "  quiet: {topics: [predictions]}\n"
    told = random.Random(f"told {text}").choice(TOLD)
    moves = random.Random(f"moves {text}")
    if moves.random() < 0.5:
        text = text.replace("shop: {", f"shop: {{reference: {{{moves.choice(MOVING)}}}, ")
    text = text.replace("limits: {", "limits: {segments: 4, ")  # less than there are of sites and countries together
    longest, slides = windows[-1], random.Random(f"slides {text}")
    steps = [n for n in range(pane, longest, pane) if not longest % n]
    if steps and slides.random() < 0.4:
        text = text.replace(f"{longest}s], late", f"{{length: {longest}s, every: {slides.choice(steps)}s}}], late")
    drawn = random.Random(f"drawn {text}").choice(DRAWN)
    text = _policy(text, labelled=bool(labels))
    acts = [(segments[act * changed], told[act * changed], drawn[act * changed]) for act in range(2)]
    texts = [
        text.replace("SEGMENTS", f"{_listed(fields, *more)}, fairness: {_listed(fields, *more.values())}").replace(
            "energy]", f"energy]{tests}"
        )
        for fields, more, tests in acts
    ]
    models = ("shop", "newcomer", "quiet")[: dice.choice((1, 1, 2, 3))]
    return Shape(
        tuple(texts),
        pane * SECOND,
        lateness * SECOND,
        idle,
        tuple(partitions),
        tuple(late),
        models,
        frozenset(labels),
        kind,
        idle == 2,
        lcm(*windows) * SECOND * 1_000_000,
    )
