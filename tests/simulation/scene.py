"""The log of a seed, in event time and in wall time: what was published where, when, and when it could be read."""

import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice, repeat
from math import ceil

import numpy as np
from msgspec.json import encode

from stream.events import Partition, Records
from tests.simulation.shape import Shape, shape

BEGIN = 1_795_000_020_000  # ms, aligned to nothing on purpose
ACT = 1e6  # s of wall time: between the beginnings of two acts
PANE_S = 2.0  # wall time in which a pane of events is published
ACTS = 2


@dataclass
class Published:
    """One partition. Wall times rise, by act; `seen` is when no transaction hides a record any more."""

    offsets: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)  # behind each record and the control records after it
    stamps: list[int] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)

    def high(self, wall: float) -> int:
        """The high watermark: behind all that was appended."""
        return self._behind(bisect_right(self.at, wall))

    def stable(self, wall: float) -> int:
        """The last stable offset: behind what a reader of committed records sees."""
        return self._behind(bisect_right(self.seen, wall))

    def first(self, offset: int) -> int:
        """The index of the first record from an offset on."""
        return bisect_right(self.offsets, offset - 1)

    def _behind(self, n: int) -> int:
        return self.ends[n - 1] if n else self.offsets[0]


@dataclass(frozen=True)
class Scene:
    """All partitions. In an act the configuration stays what it is; the next begins when everything is read."""

    shape: Shape
    log: dict[Partition, Published]
    born: dict[Partition, float]  # wall time
    about: dict[str, int]  # what is in it, for the count

    def records(self, partition: Partition, begin: int, end: int) -> Records:
        """The records with offsets in [begin, end)."""
        one = self.log[partition]
        span = slice(one.first(begin), one.first(end))
        offsets, stamps = (np.array(column[span], np.int64) for column in (one.offsets, one.stamps))
        return Records(*partition, offsets, stamps, one.values[span], end)

    def ends(self, act: int) -> dict[Partition, int]:
        """Where the partitions that there are end with an act."""
        wall = ACT * (act + 1) - 1
        return {each: one.high(wall) for each, one in self.log.items() if self.born[each] <= wall}


def scene(seed: int) -> Scene:
    """A log of 500 events and more: disorder, late events, silence, newcomers, refusals, transactions, jumps."""
    dice = random.Random(seed)
    chosen = shape(dice)
    panes = dice.randrange(5, 8)
    jump = (dice.randrange(3, panes) if dice.random() < 0.4 else panes, dice.choice((3, 40)))
    silent = range(begun := dice.randrange(2, panes - 2), begun + 2) if dice.random() < 0.3 else range(0)
    log, born, about = {}, {}, {"jumps forward": int(jump[0] < panes), "all partitions idle": int(bool(silent))}
    n = dice.randrange(505, 530)
    weights = [1 if each[0] == "labels" else 3 for each in chosen.partitions]
    for each, weight in zip(chosen.partitions, weights, strict=True):
        born[each] = dice.uniform(1, 0.5 * panes * PANE_S) if each in chosen.late else -1.0
        log[each] = _Publisher(dice, chosen, each, panes=panes, jump=jump, silent=silent, about=about).publish(
            n * weight // sum(weights), born[each]
        )
    about["topics created late"] = sum(each[1] == 0 for each in chosen.late)
    about["partitions added"] = sum(each[1] > 0 for each in chosen.late)
    return Scene(chosen, log, born, about)


class _Publisher:
    """Writes one partition."""

    def __init__(
        self,
        dice: random.Random,
        chosen: Shape,
        partition: Partition,
        *,
        panes: int,
        jump: tuple[int, int],
        silent: range,
        about: dict[str, int],
    ) -> None:
        self._dice, self._shape, self._partition, self._panes, self._jump = dice, chosen, partition, panes, jump
        self._about = about
        self._skews = [dice.randrange(-chosen.lateness // 2, chosen.lateness // 2 + 1) for _ in range(3)]
        quiet = dice.randrange(2, panes - 2)
        self._silent = {*silent, *(range(quiet, quiet + dice.randrange(2, 4)) if dice.random() < 0.4 else ())}
        back = dice.randrange(2, panes)
        self._stale = range(back, back + 1) if dice.random() < 0.15 else range(0)
        self._act_at = 0.6 * panes

    def publish(self, n: int, born: float) -> Published:
        """About n records, from the partition's birth on; the last ones of each partition are far in the future."""
        made, offset, dice = Published(), self._dice.randrange(50), self._dice
        begun = max(0.0, born / PANE_S)
        if self._silent.issuperset(range(ceil(begun), self._panes)):  # it was to say something
            self._silent = set()
        drawn = (begun + dice.random() * (self._panes - begun) for _ in repeat(None))
        places = sorted(islice((place for place in drawn if int(place) not in self._silent), n))
        self._note("silences", bool(self._silent))
        self._note("clock skews", any(self._skews))
        closing = [self._act_at - 0.01, self._panes + 0.1, self._panes + 0.2]  # so that nobody waits for long
        places = sorted([*places, *closing])
        for i, place in enumerate(places):
            act = int(place >= self._act_at)
            wall = ACT * act + (place - act * self._act_at) * PANE_S
            holes = dice.randrange(1, 4) if dice.random() < 0.03 else 0
            self._note("control records", holes)
            clock = self._clock(place)
            made.offsets.append(offset)
            offset += 1 + holes
            made.ends.append(offset)
            made.stamps.append(clock + dice.randrange(500))
            made.values.append(self._value(i, place, clock, ordinary=place in closing))
            made.at.append(wall)
            made.seen.append(wall)
        self._open(made)
        return made

    def _open(self, made: Published) -> None:
        """Transactions that stay open: what is behind their beginning cannot be read before they end."""
        dice, act_end = self._dice, self._act_at * PANE_S
        for _ in range(dice.choice((0, 1, 1, 2))):
            i = dice.randrange(len(made.at))
            until = made.at[i] + dice.uniform(0.5, 8 * self._shape.idle)
            if made.at[i] < ACT:
                until = min(until, max(act_end, made.at[i]))
            for j in range(i, len(made.at)):
                if made.at[j] // ACT == made.at[i] // ACT:
                    made.seen[j] = max(made.seen[j], until)
            self._note("open transactions", 1)

    def _clock(self, place: float) -> int:
        """Event time, ms, at a place on the way through the panes."""
        at, panes = self._jump
        jumped = panes * (place >= at) + 50 * (place >= self._panes)
        stale = -3 if int(place) in self._stale else 0
        self._note("jumps back", int(stale < 0))
        return BEGIN + int((place + jumped + stale) * self._shape.pane)

    def _note(self, what: str, n: int) -> None:
        self._about[what] = self._about.get(what, 0) + n

    def _value(self, i: int, place: float, clock: int, *, ordinary: bool) -> bytes | None:
        """One record: mostly an ordinary event, sometimes odd, late, ahead or broken."""
        dice, kind = self._dice, 0.5 if ordinary else self._dice.random()
        if kind < 0.01:
            return dice.choice(_BROKEN)
        time = clock + dice.choice(self._skews) - dice.randrange(self._shape.lateness)
        if kind < 0.03:
            time -= dice.randrange(self._shape.pane, 5 * self._shape.pane)  # late
            self._note("late events", 1)
        elif kind < 0.035:
            time += 60_000  # its clock runs ahead: refused
        if self._is_label(kind):
            return encode(self._label(i, time))
        return self._event(i, place / self._panes, time, features=0.2 < kind < 0.25)

    def _label(self, i: int, time: int) -> dict[str, object]:
        """What is said of a prediction near by: now and then again, corrected, taken back, or of nobody."""
        dice = self._dice
        said: dict[str, object] = {
            "id": str(max(0, i - dice.choice((0, 0, 1, 5, 20)))),
            "kind": "label",
            "model": "shop",
        }
        label, known = dice.choice((0, 1, 1, None)), _LABELS[self._shape.kind]
        said |= {"time": time, "label": None if label is None else known[(label + 2 * i) % len(known)]}
        does = dice.choice(("label", "label", "label", "correct", "retract"))
        self._note(f"labels: {does}", 1)
        return said if does == "label" else {**said, "event": does}

    def _is_label(self, kind: float) -> bool:
        topic = self._partition[0]
        return topic == "labels" or (topic in self._shape.labels and 0.3 < kind < 0.4)

    def _event(self, i: int, progress: float, time: int, *, features: bool) -> bytes:
        dice, models = self._dice, self._shape.models
        model = models[0] if dice.random() < 0.7 else dice.choice(models)
        if (model == "newcomer" and progress < 0.2) or (model == "quiet" and self._partition[0] != "predictions"):
            model = "shop"
        if dice.random() < 0.02:
            model = f"passer-by-{dice.randrange(3)}"
        odd = dice.choice(_ODD) if dice.random() < 0.2 else dice.random()
        country, site = dice.choice(("FR", "DE", "ES")), dice.choice(("paris", "lyon"))
        event = {
            "id": str(i),
            "kind": "features" if features else "prediction",
            "model": model,
            "version": "2" if progress > 0.5 and dice.random() < 0.2 else "1",
            "time": time,
            "features": {
                "amount": dice.gauss(100, 15) * (10 if progress > 0.65 else 1),
                "n": dice.randrange(6),
                "country": country,
                "odd": odd,
            },
            "score": dice.random(),
            "latency_ms": _LATENCY[i % len(_LATENCY)] if i % 31 == 0 else dice.lognormvariate(2, 1),
            "status": _STATUS[i % len(_STATUS)],
            "segments": {"site": site},
            "trace": "a field that nobody watches",
        }
        event |= {"attributions": _attributions(i, progress)} if i % 11 else {}
        return encode(event | (_ANSWERS[self._shape.kind](i) if model == "shop" else {}))


def _attributions(i: int, progress: float) -> object:
    """How much was made of each feature; later of others, now and then nothing that can be read."""
    most, least = ("amount", "n") if progress < 0.6 else ("n", "amount")
    told: dict[str, object] = {most: 3 + i % 5, "country": -1 - i % 3, least: (i % 7 - 3) / 10}
    told |= {"n": ("x", None, 1e300, float("nan"))[i % 4]} if i % 13 == 0 else {}
    return (None, 3, [])[i % 3] if i % 29 == 0 else told


def _scores(i: int) -> dict[str, object]:
    """Probabilities, now and then beside another answer, without a class, or broken."""
    shares: dict[str, object] = {name: (i * factor % 11) / 30 for name, factor in (("a", 3), ("b", 5), ("c", 7))}
    shares |= {"d": "x"} if i % 13 == 0 else {"rare": 0.1} if i % 7 == 0 else {}
    return {"scores": shares} | ({"prediction": "b"} if i % 5 == 0 else {}) if i % 9 else {"prediction": "a"}


def _listed(i: int) -> dict[str, object]:
    """Items in some order, now and then one, none, or no list."""
    items: list[object] = [f"item {i * factor % 17}" for factor in (3, 5, 7, 11)[: i % 5]]
    return {"prediction": (items, "item 3", None, {"a": 1})[(i % 11 == 0) + (i % 22 == 0) + (i % 44 == 0)]}


def _numbered(i: int) -> dict[str, object]:
    """A number, now and then a great one, or none."""
    return {"prediction": (i * 7 % 23 + 0.5, 1e300, None, "x")[(i % 17 == 0) + (i % 34 == 0) + (i % 68 == 0)]}


_ANSWERS: dict[str, Callable[[int], dict[str, object]]] = {
    "auto": lambda i: {"prediction": i % 2} if i % 9 else {},
    "multiclass": _scores,
    "ranking": _listed,
    "regression": _numbered,
}
_LABELS: dict[str, tuple[object, ...]] = {
    "auto": (0, 1),
    "multiclass": ("a", "b", "c", "rare", "d"),
    "ranking": ({"item 3": 2, "item 5": 1}, ["item 7", "item 0"], "item 10", [], {"item 1": 0}),
    "regression": (3, 11.5, 7.25, 1e12, 12, "many", 0.25),
}


_BROKEN = (None, b"", b"{", b"[1]", b'{"kind": "prediction"}', b"\xff\xfe", b'{"kind":1,"model":"shop","time":1}')
_LATENCY = (0, None, -1, "slow", 1e9, 12)
_STATUS = ("ok",) * 20 + (200, 503, "timeout", None, "OK", [])
_ODD = (1.5, None, "x", float("nan"), 1e300, True)
