"""What is counted for a model: its columns, their grid, its segments, and the reference that windows are compared with.

A plan holds from `since` on, for every pane that begins there or later, until the next plan of the model does.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import msgspec
import numpy as np

from detectors import parts
from detectors.codes import Floats
from detectors.coupling import Cuts
from detectors.grids import Grid
from detectors.packing import pack, unpack
from stream.encodings.schema import Shape
from stream.segments.fields import CATEGORICAL, NUMERIC, SEGMENT, SegmentField, segment_fields
from stream.taught.truth import Truth

# Columns that are no features: what the model said, and how it served.
SCORE: Final = "output:score"
PREDICTION: Final = "output:prediction"
LATENCY: Final = "service:latency_ms"
STATUS: Final = "service:status"
OUTPUTS: Final = (SCORE, LATENCY, PREDICTION, STATUS)
ATTRIBUTION: Final = "attribution:"  # before the name of a feature: how much the model made of it
SERVED: Final = frozenset((LATENCY, STATUS))  # drift here is told, and no reason to retrain: that cures no service


def is_feature(column: str) -> bool:
    """Whether a column is what a model was given: neither what it said, nor how it served or made up its mind."""
    return column not in OUTPUTS and not column.startswith(ATTRIBUTION)


@dataclass(frozen=True, eq=False)  # one object per plan: caches go by identity
class Plan:
    """See the file's head. `reference` has a row per segment row; `inferred` are the columns that nobody declared.

    `versions`: whose events the reference was learned from; none where that is not known. `truth`: what its labels
    teach; None where it has none. `sample`: how many events of a window are drawn with their values. `drawn`: as
    many of the reference, (rows, numeric columns), which the document does not hold; None where nobody has them.
    `cuts`: which features' pairs are watched; None where none are. `datasets`: by tool, what it calls the version of
    the data that the reference is of.
    """

    model: str
    since: int  # ns, the start of a pane
    grid: Grid
    segments: tuple[SegmentField, ...]
    reference: parts.Summary
    source: str  # where the reference comes from, for people
    inferred: tuple[str, ...]
    versions: tuple[str, ...] = ()
    truth: Truth | None = None
    sample: int = 0
    drawn: Floats | None = None
    cuts: Cuts | None = None
    datasets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def source_for(self, version: str) -> str:
        """Where the reference of a version comes from; one that it was not learned from has inherited it."""
        if not self.versions or version in self.versions:
            return self.source
        named = ", ".join(each or "(none)" for each in self.versions)
        return f"{self.source}, inherited from version {named}"

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows of its summaries; the first, empty, is all events."""
        return ("", *(row for field in self.segments for row in field.rows))

    @cached_property
    def others(self) -> tuple[tuple[str, int], ...]:
        """The fields that may have other values, and where these are counted."""
        return tuple((field.name, field.other) for field in self.segments if not field.where)

    @cached_property
    def shape(self) -> Shape:
        """The features that events are decoded for."""
        watched = [[name for name in names if is_feature(name)] for names in (self.grid.numeric, self.grid.categorical)]
        sources = {source for field in self.segments for source in field.sources}
        numeric, categorical = ({name for name, kind in sources if kind == way} for way in (NUMERIC, CATEGORICAL))
        return Shape(
            self.model,
            (*watched[0], *sorted(numeric - set(watched[0]))),
            (*watched[1], *sorted(categorical - set(watched[1]))),
            self.attributed,
        )

    @cached_property
    def attributed(self) -> tuple[str, ...]:
        """The features whose attributions are watched."""
        found = (name for name in self.grid.numeric if name.startswith(ATTRIBUTION))
        return tuple(name.removeprefix(ATTRIBUTION) for name in found)

    @cached_property
    def n_reference(self) -> int:
        """How many events the reference has."""
        return int(self.reference.events()[0])

    @cached_property
    def fields_read(self) -> frozenset[str]:
        """The names that it reads inside of an event's `segments`."""
        return frozenset(name for field in self.segments for name, kind in field.sources if kind == SEGMENT)

    @cached_property
    def fields(self) -> dict[str, frozenset[str]]:
        """The names that it reads inside of an event's fields."""
        return {
            "features": frozenset((*self.shape.numeric, *self.shape.categorical)),
            "segments": self.fields_read,
        } | ({"attributions": frozenset(self.attributed)} if self.attributed else {})

    @cached_property
    def body(self) -> bytes:
        """The plan as JSON; the same plan has the same bytes."""
        return msgspec.json.encode(
            {
                "model": self.model,
                "since": self.since,
                "grid": self.grid.document(),
                "segments": [field.document() for field in self.segments],
                "reference": {
                    "source": self.source,
                    "versions": self.versions,
                    "summary": base64.b64encode(pack(self.reference)).decode(),
                },
                "inferred": self.inferred,
            }
            | ({} if self.truth is None else {"truth": self.truth.document()})
            | ({"sample": self.sample} if self.sample else {})
            | ({} if self.cuts is None else {"cuts": [each.tolist() for each in self.cuts]})
            | ({"datasets": self.datasets} if self.datasets else {})
        )

    @cached_property
    def id(self) -> str:
        """A hash of all that it says."""
        return hashlib.blake2b(self.body, digest_size=8).hexdigest()

    @classmethod
    def load(cls, body: bytes) -> "Plan":
        """The plan whose `body` this is: the same object to all that read it at about the same time."""
        return _loaded(body)


@lru_cache(maxsize=128)  # boards repeat themselves, and caches of what is made of a plan go by identity
def _loaded(body: bytes) -> Plan:
    document = msgspec.json.decode(body)
    grid = Grid.load(document["grid"])
    return Plan(
        document["model"],
        document["since"],
        grid,
        segment_fields(document["segments"]),
        unpack(grid, base64.b64decode(document["reference"]["summary"])),
        document["reference"]["source"],
        tuple(document["inferred"]),
        tuple(document["reference"]["versions"]),
        Truth.load(document["truth"]) if "truth" in document else None,
        document.get("sample", 0),
        cuts=Cuts(*(np.array(each, np.int64) for each in document["cuts"])) if "cuts" in document else None,
        datasets=document.get("datasets", {}),
    )
