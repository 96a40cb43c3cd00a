"""Fields that events carry and nobody watches, counted on a sample: misspelt names and new features are seen so."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.counting.sample import GOLDEN, topic_seed
from stream.encodings.documents import parse
from stream.encodings.schema import CONTRACT, NAME_MAX
from stream.events import RESERVED, Batch, Ints
from stream.partials import LOOKED_AT, OTHER_FIELDS, Fields, tell_fewest_fields
from stream.roster import Roster

NAMES_HELD = 1_000  # of a pane, before they are reduced to those that are told apart


class Unwatched:
    """A sample of the events of models with a plan. They are parsed together when it is taken: that halves the time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, bytes]] = []  # pane end, the model's index, the event

    def add(self, batch: Batch, counted: NDArray[np.bool_], end: Ints) -> None:
        """Choose of the counted events, a mask (n,); `end` (n,): the end of each one's pane, ns."""
        records, rows = batch.records, np.flatnonzero(counted)
        rows = rows[looked_at(records.topic, records.partition, records.numbers[batch.at[rows]])]
        for pane_end, head, at in zip(*(column[rows].tolist() for column in (end, batch.head, batch.at)), strict=True):
            self._waiting.append((pane_end, batch.heads[head].model, records.outline(at)))

    def take(self, roster: Roster, pane: int) -> Fields:
        """The fields of the chosen events that their plans do not know; none is chosen then."""
        found: dict[tuple[int, int], tuple[Mapping[str, frozenset[str]], Counter[str]]] = {}
        for pane_end, model, value in self._waiting:
            if (pane_end, model) not in found:
                plan = roster.entries[model].plan_at(pane_end - pane)
                assert plan is not None, f"{roster.entries[model].name}: a row of pane {pane_end} without a plan"
                found[pane_end, model] = (plan.fields, Counter())
            watched, fields = found[pane_end, model]
            fields[LOOKED_AT] += 1
            names = _unknown(parse(value), watched)
            if names:
                fields.update({OTHER_FIELDS if name.startswith(RESERVED) else name[:NAME_MAX] for name in names})
                if len(fields) > NAMES_HELD:
                    tell_fewest_fields(fields)
        self._waiting = []
        return {(pane_end, roster.entries[model].name): fields for (pane_end, model), (_, fields) in found.items()}


def looked_at(topic: str, partition: int, offsets: Ints) -> NDArray[np.bool_]:
    """Whether an event is looked at, by its position: Fibonacci hashing takes every 256th or so of neighbours."""
    with np.errstate(over="ignore"):
        start = np.uint64(topic_seed(topic)) + np.uint64(partition) * GOLDEN
        return np.asarray((offsets.astype(np.uint64) * GOLDEN + start) >> np.uint64(64 - 8) == 0)


def _unknown(document: Any, watched: Mapping[str, frozenset[str]]) -> list[str]:  # noqa: ANN401 - an accepted event: an object
    """The names of an event's fields that have no place, those inside of others as `features.amount`."""
    names = [] if document.keys() <= CONTRACT else [*(document.keys() - CONTRACT)]
    for outer, known in watched.items():
        inner = document.get(outer)
        if isinstance(inner, dict) and not inner.keys() <= known:
            names += [f"{outer}.{name}" for name in inner.keys() - known]
    return names
