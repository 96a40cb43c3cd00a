"""Which events of a batch count, as what, and why the others are refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stream import events
from stream.closed import Closed
from stream.config.settings import Settings
from stream.events import LABEL, NEVER, RESERVED, Batch, Head, Ints, Reject
from stream.roster import Roster

Group = tuple[int, str | None]  # (model's index, version; None: any that is not admitted at all)
MILLISECOND = 1_000_000
_UNASKED = NEVER + 1  # stands for an end that nobody has asked for; no pane ends then


@dataclass
class Heads:
    """What is known of each head, as arrays that a batch indexes. It grows with the decoder's list."""

    listed: Sequence[Head]
    groups: list[Group] = field(default_factory=list)
    model: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    kind: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    group: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    _group_of: dict[Group, int] = field(default_factory=dict)

    def extend(self, roster: Roster) -> None:
        """Take in the heads that are new."""
        fresh = self.listed[len(self.model) :]
        if not fresh:
            return
        self.model = np.append(self.model, [head.model for head in fresh])
        self.kind = np.append(self.kind, [head.kind for head in fresh])
        self.group = np.append(self.group, [self._group(head, roster) for head in fresh])

    def _group(self, head: Head, roster: Roster) -> int:
        known = head.model >= 0 and head.version in roster.entries[head.model].versions
        group = (head.model, head.version if known else None)
        if group not in self._group_of:
            self._group_of[group] = len(self.groups)
            self.groups.append(group)
        return self._group_of[group]


@dataclass
class _Reasons:
    """Why each head is refused on a topic, or empty. It grows with the heads."""

    words: list[str] = field(default_factory=list)
    wrong: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    def extend(self, words: list[str]) -> None:
        """Take in what is said of new heads."""
        if words:
            self.words += words
            self.wrong = np.append(self.wrong, [bool(word) for word in words])


class Fates:
    """Judges batches of one roster. Remembers what each head may do on each topic."""

    @dataclass(frozen=True)
    class View:
        """A batch seen through its heads. Masks are (n,)."""

        heads: Heads
        model: Ints  # -1: a stranger
        kind: Ints
        head: NDArray[np.int32]
        counted: NDArray[np.bool_]  # predictions and features
        labels: NDArray[np.bool_]
        refused: tuple[Reject, ...]

    def __init__(self, settings: Settings, roster: Roster) -> None:
        self._settings, self._roster = settings, roster
        skew = settings.events.max_skew
        self._max_skew = settings.lateness if skew is None else skew
        self.heads = Heads(())
        self._reasons: dict[str, _Reasons] = {}  # by topic
        self._closed, self._ends = Closed(), np.empty(0, np.int64)

    def of(self, batch: Batch) -> "Fates.View":
        """Judge a batch."""
        if self.heads.listed is not batch.heads:
            self.heads, self._reasons, self._ends = Heads(batch.heads), {}, np.empty(0, np.int64)
        self.heads.extend(self._roster)
        reasons = self._reasons_on(batch.records.topic)
        unusable = reasons.wrong.take(batch.head) | self._ahead(batch)
        refused = tuple(
            self._refusal(batch, i, reasons.words[batch.head[i]]) for i in np.flatnonzero(unusable).tolist()
        )
        kind, model = self.heads.kind.take(batch.head), self.heads.model.take(batch.head)
        labels = (kind == LABEL) & ~unusable
        return Fates.View(self.heads, model, kind, batch.head, ~(unusable | labels), labels, refused)

    def closed(self, head: NDArray[np.int32], closed: Closed) -> Ints:
        """The end of the newest closed pane of each event's model, (n,). Each head is asked for once between closes."""
        if closed is not self._closed or len(self._ends) != len(self.heads.model):
            known = len(self._ends) if closed is self._closed else 0
            unasked = np.full(len(self.heads.model) - known, _UNASKED)
            self._closed, self._ends = closed, np.append(self._ends[:known], unasked)
        ends = self._ends.take(head)
        missing = ends == _UNASKED
        if missing.any():
            for i in np.unique(head[missing]).tolist():
                self._ends[i] = closed.of(self.heads.listed[i].name)
            ends = self._ends.take(head)
        return ends

    def _ahead(self, batch: Batch) -> NDArray[np.bool_]:
        """Whose time runs ahead of the record's by more than allowed; a record without a time allows anything."""
        stamps = batch.records.timestamps_ms.take(batch.at)
        return (stamps >= 0) & (batch.time > stamps * MILLISECOND + self._max_skew)

    def _refusal(self, batch: Batch, i: int, reason: str) -> Reject:
        head, row = batch.heads[batch.head[i]], int(batch.at[i])
        if reason == events.UNKNOWN_MODEL:
            return Reject(row, reason, f"no name or pattern of the configuration matches model {head.name!r}")
        if reason == events.WRONG_TYPE:
            return Reject(row, reason, f"model {head.name!r} begins with U+E000, which is reserved")
        if reason:
            kind, topic = events.KINDS[head.kind], batch.records.topic
            return Reject(row, reason, f"{kind} of {head.name!r} is not expected on {topic!r}")
        seconds = (int(batch.time[i]) - int(batch.records.timestamps_ms[row]) * MILLISECOND) / 1e9
        return Reject(row, events.AHEAD, f"its time is {seconds:.3f} s ahead of its record's, more than max_skew")

    def _reasons_on(self, topic: str) -> "_Reasons":
        reasons = self._reasons.get(topic)
        if reasons is None:
            reasons = self._reasons[topic] = _Reasons()
        reasons.extend([self._reason(topic, head) for head in self.heads.listed[len(reasons.words) :]])
        return reasons

    def _reason(self, topic: str, head: Head) -> str:
        declared = self._settings.events
        if head.name.startswith(RESERVED):
            return events.WRONG_TYPE
        if topic not in (declared.labels if head.kind == LABEL else declared.predictions):
            return events.WRONG_TOPIC
        model = self._settings.model(head.name)
        if model is None:
            return events.UNKNOWN_MODEL
        return "" if not model.topics or topic in model.topics else events.WRONG_TOPIC
