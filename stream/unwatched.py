"""Fields that events carry and nobody watches, counted on a sample: misspelt names and new features are seen so."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.encodings.documents import parse
from stream.encodings.schema import NAME_MAX
from stream.events import RESERVED, Batch, Ints
from stream.partials import LOOKED_AT, OTHER_FIELDS, Fields
from stream.roster import Roster
from stream.sample import position_hashes, topic_seed

ONE_IN = 64  # events that are looked at, by the hash of their position: to parse all of them again would be too dear
_NESTED = ("features", "segments")
# What docs/events.md names, whether it is read yet or not.
CONTRACT = frozenset(
    (
        *("kind", "model", "time", "version", "id", *_NESTED, "score", "prediction", "latency_ms", "status"),
        *("label", "scores", "attributions", "event"),
    )
)


def unwatched(batch: Batch, counted: NDArray[np.bool_], end: Ints, roster: Roster, pane: int) -> Fields:
    """The fields of a sample of the counted events, all of them of models with a plan.

    `counted` (n,): which events; `end` (n,): the end of each one's pane, ns.
    """
    found: dict[tuple[int, str], Counter[str]] = {}
    records, rows = batch.records, np.flatnonzero(counted)
    hashes = position_hashes(topic_seed(records.topic), records.partition, records.offsets[batch.at[rows]])
    for i in rows[hashes % ONE_IN == 0].tolist():
        entry = roster.entries[batch.heads[batch.head[i]].model]
        pane_end = int(end[i])
        plan = entry.plan_at(pane_end - pane)
        assert plan is not None, f"{entry.name}: a row of pane {pane_end} without a plan"
        names = set(_fields(parse(records.values[batch.at[i]] or b""))) - plan.fields
        counter = found.setdefault((pane_end, entry.name), Counter())
        counter.update((LOOKED_AT, *(OTHER_FIELDS if name.startswith(RESERVED) else name[:NAME_MAX] for name in names)))
    return found


def _fields(document: Any) -> Iterator[str]:  # noqa: ANN401 - an accepted event: an object
    for name, value in document.items():
        if name in _NESTED and isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in value)
        elif name not in CONTRACT:
            yield name
