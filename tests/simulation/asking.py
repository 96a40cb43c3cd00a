"""People who ask of a running monitor whatever they like: the controls of a seed, as they come to their minds."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sinks import commit as tables
from sinks.commit import Store
from stream.config.settings import Topics
from stream.controls.asked import KINDS
from stream.outcomes import STATES
from stream.plan import Plan
from stream.reference.saved import FORMAT, save
from tests.simulation.kafka import Kafka

CONTROL, OUTCOMES, TRIGGERS = ((topic, 0) for topic in (Topics().control, Topics().outcomes, Topics().triggers))
SHARES = (0.0, 0.02, 0.1)  # of the turns
ASKED_MAX = 24  # in an act
LATE_MAX = 4  # more of them are about incidents, which open when most has been asked
TOLD_MAX, TOLD_SHARE = 12, 0.2  # outcomes in an act, and of the turns: whoever speaks for long keeps an act from ending
BROKEN = (b"", b"{", b"[1]", b'{"id": "x", "kind": "paws", "model": "shop"}', b"\xff\xfe", b'{"id": "", "model": 1}')


@dataclass
class Asking:
    """Appends to the control topic."""

    kafka: Kafka
    seed: int
    models: tuple[str, ...]
    alone: bool  # one monitor has all models
    said: list[bytes] = field(default_factory=list)
    _asked: int = 0
    _once: bool = False  # nothing but one promotion, which then has time to learn
    _late: int = 0

    def __post_init__(self) -> None:
        self._dice = random.Random(f"controls {self.seed}")  # the other draws stay what they are
        self._share = self._dice.choice(SHARES)
        if self._share == SHARES[0]:
            self._asked = ASKED_MAX
            self._once = self._dice.random() < 0.6

    def begin(self) -> None:
        """Another act."""
        self._asked = ASKED_MAX if self._share == SHARES[0] else 0
        self._late = 0

    def turn(self, stores: Iterable[Store], closed: Callable[[], int], plans: Callable[[], Sequence[Plan]]) -> None:
        """Perhaps ask for something, `closed` telling the newest end that is; references are made of plans."""
        if self._once and self._dice.random() < 0.05 and (known := plans()):
            self._once = False
            said = {"id": "once", "kind": "promote", "model": self._dice.choice(known).model, "version": "1"}
            self.kafka.topic(CONTROL).values.append((b"somebody", json.dumps(said).encode()))
        if self._asked < ASKED_MAX and self._dice.random() < self._share:
            self._asked += 1
            value = self._value(stores, closed(), plans())
            self.kafka.topic(CONTROL).values.append((b"somebody", value))
            if self._dice.random() < 0.1:
                self.kafka.topic(CONTROL).values.append((None, None))  # a control record of Kafka's own
        elif self._late < LATE_MAX and self._dice.random() < self._share and (opened := _opened(stores)):
            self._late += 1
            model, incident = self._dice.choice(opened)
            said = {"kind": self._dice.choice(("acknowledge", "close")), "model": model, "incident": incident}
            self.said.append(json.dumps({"id": str(len(self.said)), **said}).encode())
            self.kafka.topic(CONTROL).values.append((b"somebody", self.said[-1]))

    def _value(self, stores: Iterable[Store], closed: int, plans: Sequence[Plan]) -> bytes:
        dice = self._dice
        if dice.random() < 0.08:
            return dice.choice(BROKEN)
        again = [each for each in self.said if self.alone or not (b'"*"' in each or b'"saved"' in each)]
        if again and dice.random() < 0.1:
            return dice.choice(again)
        opened = _opened(stores)
        kind = dice.choice(
            ("acknowledge", "close", "promote") if opened and dice.random() < 0.6 else (*KINDS, "resume")
        )
        kind = "pause" if kind == "reference" and not self.alone else kind
        model = dice.choice((*self.models, *self.models, "nobody"))
        about: dict[str, object] = {}
        if kind in {"acknowledge", "close"}:
            model, incident = dice.choice(opened) if opened and dice.random() < 0.9 else (model, "none")
            about = {"incident": incident}
        elif kind in {"maintenance", "deployment"}:
            end = max(closed, 0) // 1_000_000 + dice.randrange(-20_000, 90_000)
            about = {"to": max(end, 1)} | (
                {"from": max(end, 1) - dice.randrange(60_000)} if dice.random() < 0.5 else {}
            )
        if kind == "promote":
            model = dice.choice(opened)[0] if opened and dice.random() < 0.7 else model
            about = {"version": dice.choice(("1", "2", "9"))} | (
                {"decided": dice.randrange(5)} if dice.random() < 0.3 else {}
            )
            if self.alone and plans and dice.random() < 0.3:
                plan = dice.choice(plans)
                model, about = plan.model, about | {"saved": json.loads(save(plan))}
        if kind == "reference":
            about = {"saved": {"format": FORMAT, "id": "none", "plan": {}}}
            if plans:
                plan = dice.choice(plans)
                model = plan.model if dice.random() < 0.8 else model
                about = {"saved": json.loads(save(replace(plan, reference=plan.reference + plan.reference)))}
        if self.alone and kind in {"maintenance", "resume"} and dice.random() < 0.3:
            model = "*"
        said = {"id": str(len(self.said)), "kind": kind, "model": model, "who": dice.choice(("ada", "")), **about}
        self.said.append(json.dumps(said).encode())
        return self.said[-1]


@dataclass
class Telling:
    """A dispatcher that is not sure what it has told: outcomes of the triggers that were sent, in any order."""

    kafka: Kafka
    seed: int
    said: list[bytes] = field(default_factory=list)
    _told: int = 0

    def __post_init__(self) -> None:
        self._dice = random.Random(f"outcomes {self.seed}")
        self._speaks = self._dice.random() < 0.5

    def begin(self) -> None:
        """Another act."""
        self._told = 0

    def turn(self) -> None:
        """Perhaps tell something."""
        if self._speaks and self._told < TOLD_MAX and self._dice.random() < TOLD_SHARE:
            sent = self.kafka.topic(TRIGGERS).since(0)
            if sent:
                self._told += 1
                self.kafka.topic(OUTCOMES).values.append((b"somebody", self._value([value for _, value in sent])))

    def _value(self, sent: list[bytes]) -> bytes:
        dice = self._dice
        if dice.random() < 0.1:
            return dice.choice(BROKEN)
        if self.said and dice.random() < 0.2:
            return dice.choice(self.said[-20:])
        trigger = json.loads(dice.choice(sent))
        state, target = dice.choice(STATES), dice.choice(("airflow", "hook"))
        about = {name: trigger["data"][name] for name in ("model", "model_version", "incident")}
        data = about | {"trigger": trigger["id"], "target": target, "state": state, "at": trigger["time"], "why": ""}
        event = {"id": f"{trigger['id']} {target} {state}", "data": data}
        self.said.append(json.dumps(event).encode())
        return self.said[-1]


def _opened(stores: Iterable[Store]) -> list[tuple[str, str]]:
    """Incidents that are open, with their models."""
    found = []
    for store in stores:
        rows = store.select(tables.INCIDENTS)
        columns = [rows[name].tolist() for name in ("model", "id", "state")]
        closed = {each for _, each, state in zip(*columns, strict=True) if state == "closed"}
        found += [(model, each) for model, each, _ in zip(*columns, strict=True) if each not in closed]
    return sorted(set(found))
