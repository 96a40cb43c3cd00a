"""One seed from its number to what went wrong: a scene, struck, and the same undisturbed; the rows must be equal."""

import traceback
from collections import Counter
from datetime import datetime
from itertools import pairwise

import numpy as np

from sinks import commit as tables
from sinks.commit import MET, PERFORMANCE, WINDOWS, Store, in_sample, plain
from sinks.topics import dead_letters, triggers
from stream.config.settings import Settings, Topics
from stream.ledger import Ledger
from stream.monitor.labels.meetings import Meetings
from stream.monitor.labels.pairs import FATES
from stream.recovery import recall
from stream.retention import retention
from tests.simulation.cast import forget
from tests.simulation.driver import Rows, rows, together
from tests.simulation.scene import ACTS, Scene, scene
from tests.simulation.shape import few
from tests.simulation.strike import Struck
from tests.simulation.told import Told

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as the tables keep it
REFERENCE, VERDICT, ASSUMES = (
    [column.name for column in WINDOWS.columns].index(name) for name in ("reference", "verdict", "assumes")
)
ORDERED = [column.name for column in tables.ATTRIBUTIONS.columns].index("verdict")
TEST = [column.name for column in tables.TESTED.columns].index("test")
METRIC = [column.name for column in PERFORMANCE.columns].index("metric")
OCCUR = (
    "all partitions idle",
    "boards compacted away",
    "boards delivered late",
    "boards delivered twice",
    "changes of plan",
    "changes that began before a window",
    "changes that began in a window",
    "clock skews",
    "control records",
    "controls applied: acknowledge",
    "controls applied: close",
    "controls applied: deployment",
    "controls applied: maintenance",
    "controls applied: pause",
    "controls applied: promote",
    "controls applied: reference",
    "controls applied: resume",
    "controls applied: trigger",
    "incidents of labels that somebody knew of or closed",
    "outcomes that tell nothing",
    "controls refused: acknowledge",
    "controls refused: no kind",
    "controls refused: reference",
    "controls repeated: pause",
    "fetches that failed",
    "journal: lost",
    "journal: release",
    "jumps back",
    "jumps forward",
    "labels that are unsampled",
    "labels: correct",
    "labels: label",
    "labels: retract",
    "late events",
    "incidents without a trigger, as announced",
    "labels that went early",
    "losses by retention",
    "machines suspended",
    "models handed over",
    "monitor killed: the disk is slow",
    "monitors that share the models",
    "open transactions met",
    "orders of attributions",
    "orders of attributions that changed",
    "pairs of features judged",
    "partitions added",
    "questions of labels that failed",
    "rows of drawn",
    "rows of effects",
    "rows of estimates",
    "rows of folded",
    "rows of outcomes",
    "rows of pairs",
    "rows of performance",
    "rows of reconciled",
    "rows of examples",
    "rows of tested",
    "rows of triggers",
    "rows of weighted",
    "run killed: written, and nobody told",
    "samples that became larger",
    "samples that became smaller",
    "silences",
    "slow commits",
    "steps of labels in pieces",
    "store calls that failed",
    "topics created late",
    "transactions left open, aborted by a successor",
    "transactions that failed",
    "transactions whose answer was lost",
    "windows compared with earlier ones",
    "windows judged",
    "windows judged by how much days differ",
    "windows that were paused",
    "windows of classes with scores",
    "windows of lists",
    "windows of numbers",
    "windows that slid",
    "estimates of classes",
    "estimates of numbers",
    "estimates of segments",
    "windows of a version that inherits",
    "windows with a cost",
    "windows with groups that were told yes",
    "worker killed: fetching",
    "workers frozen, while another takes over",
    "zombies refused",
)


def play(seed: int) -> tuple[int, str, Counter[str]]:
    """The seed, what went wrong (empty: nothing), and how often what happened. Odd seeds have workers."""
    log = scene(seed)
    with few(log.shape.day):
        return _play(seed, log)


def _play(seed: int, log: Scene) -> tuple[int, str, Counter[str]]:
    struck = Struck(log, seed, tiers=bool(seed % 2))
    try:
        stores = struck.finish()
        if log.shape.forgets:
            for store, settings in zip(stores, struck.ended, strict=True):
                _forget(store, settings)
        found = together([rows(store) for store in stores])
        told, ended = Told(log, struck.journals).finish(), log.shape.settings(ACTS - 1)
        about = _sampled(told, ended)
        if log.shape.forgets:
            _forget(told, ended)
        expected = rows(told)
        wrong = [f"{table} differ" for table in expected if expected[table] != found[table]]
        wrong += [*_unsent(struck), *_early(struck)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the seed is told
        where = traceback.extract_tb(error.__traceback__)[-1]
        return seed, f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})", struck.happened
    happened = struck.happened + Counter(log.about) + _of(expected, struck)
    happened += about
    happened["events"] = sum(len(one.at) for one in log.log.values())
    return seed, "; ".join(wrong), happened


def missing(happened: Counter[str]) -> list[str]:
    """What has not happened in any seed, though it should."""
    return [kind for kind in OCCUR if not happened[kind]]


def _unsent(struck: Struck) -> list[str]:
    """What is kept must have been sent, and nothing else."""
    topics, kept = Topics(), []
    for store in struck.stores.values():
        kept += triggers(plain(store.select(tables.TRIGGERS)), topics.triggers)
        kept += dead_letters(plain(store.select(tables.DEAD_LETTERS)), topics.dead_letters)
    wanted = {(message.key, message.value) for message in kept}
    found = {
        (key, value)
        for topic in (topics.triggers, topics.dead_letters)
        for key, value in struck.kafka.topic((topic, 0)).values
        if key is not None
    }
    missing, more = len(wanted - found), len(found - wanted)
    return [f"{missing} messages were not sent, {more} were that nobody kept"] if missing or more else []


def _early(struck: Struck) -> list[str]:
    """A partition is released only where its log was silent for `idle`, whatever a reader saw of it."""
    wrong, log = [], struck.scene.log
    for kind, topic, n, offset, _, _ in struck.journals[-1]:
        if kind == "release":
            one = log[topic, n]
            i = one.first(offset)
            if 0 < i < len(one.at) and one.at[i] - one.at[i - 1] < struck.scene.shape.idle:
                wrong.append(f"{topic}/{n} was released at {offset}, where it spoke")
    return wrong


def _forget(store: Store, settings: Settings) -> None:
    """Let all rows go that nobody needs any more; some have gone, sooner or later.

    Steps that are still due were taken and told nothing, so that no Commit followed which would say so.
    """
    state = recall(store, settings).state
    meetings = Meetings(settings, state, Ledger())
    meetings.passed(meetings.due())
    meetings.committed()
    forget(store, meetings, retention(state, settings, meetings))


def _sampled(told: Store, settings: Settings) -> Counter[str]:
    """How often the sample of ids that wait became another, and how many labels that makes superfluous."""
    found: Counter[str] = Counter()
    state = recall(told, settings).state
    spans = Meetings(settings, state, Ledger()).unsampled()
    labels = told.select(tables.ANSWERS)
    ends = labels["end"].astype("datetime64[ns]").astype(np.int64)
    for one in spans:
        mine = (labels["model"] == one.model) & (ends > one.after) & (ends <= one.upto)
        found["labels that went early"] += int((mine & ~in_sample(labels["key"].astype(np.int64), one.halvings)).sum())
    for entry in state.roster.entries:
        halvings = [0, *(rate.halvings for rate in entry.rates.rates)]
        found["samples that became smaller"] += sum(now > before for before, now in pairwise(halvings))
        found["samples that became larger"] += sum(now < before for before, now in pairwise(halvings))
    return found


def _of(expected: Rows, struck: Struck) -> Counter[str]:
    """How rich the comparison was."""
    found = Counter({f"rows of {table}": len(some) for table, some in expected.items()})
    found["windows judged"] = sum(row[10] != "unknown" for row in expected["windows"])
    ends = np.array([row[5] for row in expected["windows"]], "datetime64[us]").astype(np.int64)
    found["windows that slid"] = int(
        (ends % np.array([row[3] // 1_000 for row in expected["windows"]] or [1]) > 0).sum()
    )
    names = [column.name for column in tables.FINDINGS.columns]
    start, began = names.index("start"), names.index("began")
    found["changes that began in a window"] = sum(row[start] < row[began] for row in expected["findings"])
    found["changes that began before a window"] = sum(EPOCH < row[began] < row[start] for row in expected["findings"])
    found["windows compared with earlier ones"] = sum(
        row[REFERENCE].endswith(" events") and row[VERDICT] != "unknown" for row in expected["windows"]
    )
    found["windows judged by how much days differ"] = sum(
        row[REFERENCE].startswith("the same ") and row[VERDICT] != "unknown" and not row[ASSUMES]
        for row in expected["windows"]
    )
    found["windows of a version that inherits"] = sum("inherited" in str(row) for row in expected["windows"])
    for column, n in enumerate(zip(*expected["met"], strict=True)):
        name = MET.columns[column].name
        if name in {*FATES, "unsampled"}:
            found[f"labels that are {name}"] = sum(n)
    measured = Counter(row[METRIC] for row in expected["performance"])
    found |= {"windows of lists": measured["mrr"], "windows of classes with scores": measured["top_1_accuracy"]}
    found["windows with a cost"], found["windows of numbers"] = measured["cost"], measured["mae"]
    found["windows with groups that were told yes"] = measured["demographic_parity_difference"]
    estimated = [column.name for column in tables.ESTIMATES.columns].index("metric")
    found["estimates of numbers"] = sum(row[estimated] == "mae" for row in expected["estimates"])
    found["estimates of classes"] = sum(row[estimated] == "weighted_f1" for row in expected["estimates"])
    orders = Counter(row[ORDERED] for row in expected["attributions"])
    found["orders of attributions"] = orders["ok"] + orders["drift"]
    found["orders of attributions that changed"] = orders["drift"]
    found["pairs of features judged"] = sum(row[TEST] == "pairs" for row in expected["tested"])
    segment = [column.name for column in tables.ESTIMATES.columns].index("segment")
    found["estimates of segments"] = sum(row[segment] != "" for row in expected["estimates"])
    names = [column.name for column in tables.CONTROLS.columns]
    kind, outcome = names.index("kind"), names.index("outcome")
    found += Counter(f"controls {row[outcome]}: {row[kind] or 'no kind'}" for row in expected["controls"])
    found["incidents without a trigger, as announced"] = sum(
        "maintenance" in str(row) or "deployment" in str(row) for row in expected["incidents"]
    )
    found["incidents that a promotion ended"] = sum("promoted" in row for row in expected["incidents"])
    promoted = sum("which was promoted" in str(row) for row in expected["windows"])
    found["windows compared with a promoted reference"] = promoted
    found["outcomes that tell nothing"] = sum("no_outcome" in row for row in expected["dead_letters"])
    found["incidents of labels that somebody knew of or closed"] = sum(
        kind == "control" and '"step":' in detail for kind, *_, detail in struck.journals[-1]
    )
    found["windows that were paused"] = sum("paused" in row for row in expected["windows"])
    for kind, *_ in struck.journals[-1]:
        found[f"journal: {kind}"] += 1
    return found
