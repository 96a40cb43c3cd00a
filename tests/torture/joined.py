"""Labels and predictions joined once more, over the finished files, as plainly as can be: what docs/labels.md says.

Nothing of the product is asked, but from when on a model has a plan. Its journal is one of the files: what a silent
partition was raised to is an input.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DAY = 24 * 3600 * 10**9
PANE, LATENESS, WITHIN = 300 * 10**9, 20 * 10**9, 14 * DAY  # of `labelled.CONFIGURATION`
GRACE = DAY
NEVER = -(2**63)

File = list[tuple[int, bytes]]  # offset, value
Release = tuple[int, int, int]  # offset, to which the clock is raised, to which that of labels


class Prediction(NamedTuple):
    """One that waits for a label; in the order in which those of an id count."""

    at: int
    place: tuple[str, int, int]
    end: int
    version: str
    score: float
    said: str  # its class; empty: the score decides
    site: str


class Label(NamedTuple):
    """In the order in which those of an id count."""

    end: int
    at: int
    place: tuple[str, int, int]
    does: str
    label: str


class Pair(NamedTuple):
    """A row of the table `pairs`, but for what needs a hash of the id or the bytes of segments."""

    model: str
    version: str
    end: int
    at: int
    step: int
    change: int
    first: bool
    delay: int
    score: float
    said: str
    label: str


@dataclass
class Joined:
    """The files as they were read, and what follows. Times in ns."""

    planned: Mapping[str, int]  # from when on predictions of a model wait
    upto: int = 0  # the last step that the clocks allow
    predictions: dict[tuple[str, str], list[Prediction]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[tuple[str, str], list[Label]] = field(default_factory=lambda: defaultdict(list))
    pairs: list[Pair] = field(default_factory=list)
    sites: dict[Pair, str] = field(default_factory=dict)
    met: Counter[tuple[str, int, str]] = field(default_factory=Counter)  # model, step, what became of it
    repeats: list[tuple[str, str, int]] = field(default_factory=list)  # model, version, pane's end
    late: int = 0


def join(
    files: Mapping[tuple[str, int], File],
    releases: Mapping[tuple[str, int], list[Release]],
    planned: Mapping[str, int],
    labels: str,
) -> Joined:
    """All of it; `labels` is the topic of labels."""
    made = Joined(planned)
    clocks = {
        each: (_labels if each[0] == labels else _predictions)(made, each, file, sorted(releases.get(each, [])))
        for each, file in files.items()
    }
    events = min(clock for each, clock in clocks.items() if each[0] != labels) - LATENESS
    made.upto = min(events, *(clock for each, clock in clocks.items() if each[0] == labels)) // PANE * PANE
    for model, name in sorted(made.predictions):
        _meet(made, model, sorted(made.predictions[model, name]), sorted(made.labels.get((model, name), [])))
    _orphans(made)
    made.pairs = sorted(pair for pair in made.pairs if pair.step <= made.upto)
    made.met = Counter({key: n for key, n in made.met.items() if key[1] <= made.upto})
    return made


def pane_end(time: int) -> int:
    """The end of the pane that holds a time."""
    return (time // PANE + 1) * PANE


def _predictions(made: Joined, each: tuple[str, int], file: File, releases: list[Release]) -> int:
    """Read a partition; its clock in the end."""
    clock = NEVER
    for offset, value in file:
        while releases and releases[0][0] <= offset:
            clock = max(clock, releases.pop(0)[1])
        event = _document(value)
        if event is None:
            continue
        at = event["time"] * 10**6
        end, clock = pane_end(at), max(clock, at)
        if end + LATENESS <= clock:
            made.late += 1
        elif end - PANE >= made.planned[event["model"]]:
            said = str(event.get("prediction", ""))
            about = event["version"], event["score"], said, event["segments"]["site"]
            made.predictions[event["model"], event["id"]].append(Prediction(at, (*each, offset), end, *about))
    return max([clock, *(to for _, to, _ in releases)])


def _labels(made: Joined, each: tuple[str, int], file: File, releases: list[Release]) -> int:
    """The same of labels: none is late, but whoever is behind others of the partition has their pane."""
    clock = NEVER
    for offset, value in file:
        while releases and releases[0][0] <= offset:
            clock = max(clock, releases.pop(0)[2])
        event = _document(value)
        if event is None:
            continue
        at = event["time"] * 10**6
        clock = max(clock, at)
        said = "" if event["label"] is None else str(event["label"])
        label = Label(pane_end(clock), at, (*each, offset), event.get("event", "label"), said)
        made.labels[event["model"], event["id"]].append(label)
    return max([clock, *(to for _, _, to in releases)])


def _document(value: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(value)
    except ValueError:
        return None


def _meet(made: Joined, model: str, predictions: list[Prediction], labels: list[Label]) -> None:
    """One id: the first prediction of each version, and whatever was said of it in time."""
    before: dict[str, Prediction] = {}
    for one in predictions:
        earlier, before[one.version] = before.get(one.version), one
        if earlier is not None and earlier.end >= one.end - GRACE:
            made.met[model, one.end, "repeats"] += 1
            made.repeats.append((model, one.version, one.end))
            continue
        made.met[model, one.end, "predictions"] += 1
        for label in labels:
            if WITHIN < label.end - one.end <= WITHIN + GRACE:
                made.met[model, label.end, "late"] += 1
        _follow(made, model, one, [label for label in labels if abs(label.end - one.end) <= WITHIN])


def _follow(made: Joined, model: str, one: Prediction, labels: list[Label]) -> None:
    """One prediction: which label counts after each step."""
    now: Label | None = None
    first = True
    for step in sorted({max(label.end, one.end) for label in labels}):
        before = now
        for label in labels:
            if max(label.end, one.end) == step:
                now, fate = _after(now, label)
                made.met[model, step, fate] += fate != ""
        if now is before:
            continue
        if before is not None:
            _pair(made, model, one, before, step, -1, first=False)
        if now is not None:
            made.met[model, step, "pairs"] += first
            _pair(made, model, one, now, step, 1, first=first)
            first = False


def _after(now: Label | None, label: Label) -> tuple[Label | None, str]:
    """Which label counts after one more, and what that one was, unless it is the first."""
    if label.does == "retract":
        return None, "again" if now is None else "retracted"
    if not label.label:
        return now, "unusable"
    if now is None:
        return label, ""
    return (label, "corrected") if label.does == "correct" else (now, "again")


def _pair(  # noqa: PLR0917 - a row
    made: Joined, model: str, one: Prediction, label: Label, step: int, change: int, *, first: bool
) -> None:
    what = label.at - one.at, one.score, one.said, label.label
    pair = Pair(model, one.version, one.end, one.at, step, change, first, *what)
    made.pairs.append(pair)
    made.sites[pair] = one.site


def _orphans(made: Joined) -> None:
    """Labels for which no prediction of their id came, neither in time nor a day too early."""
    for (model, name), labels in made.labels.items():
        ends = [one.end for one in made.predictions.get((model, name), [])]
        for label in labels:
            if not any(-WITHIN - GRACE <= end - label.end <= WITHIN for end in ends):
                made.met[model, label.end + WITHIN, "orphans"] += 1
