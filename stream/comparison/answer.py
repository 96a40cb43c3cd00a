"""The answer of a comparison as data: every measure of every feature, the verdict on the whole, and our own beside."""

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType

from detectors.conventions import Judged, Scores
from stream.comparison.own import Own
from stream.comparison.pairs import Pairs


class Whole(Struct, frozen=True, omit_defaults=True):
    """The verdict on all features together; `share` and its `limit` where a tool goes by how many drifted."""

    by: str
    drifted: bool
    drifted_features: tuple[str, ...]
    share: float | None = None
    limit: float | None = None


class Answer(Struct, frozen=True):
    """What is written as JSON: `driftline` is our own verdict, where another tool's was asked for."""

    features: Scores
    dataset: Whole
    rows: Mapping[str, int] | UnsetType = UNSET
    left_out: Mapping[str, str] | UnsetType = UNSET
    driftline: "Answer | UnsetType" = UNSET


def answer(pairs: Pairs, ours: Own, by: str = "driftline", theirs: Judged | None = None) -> Answer:
    """A tool's verdict with ours beside it, or ours alone."""
    judged = theirs or ours.judged
    rows = {"reference": pairs.n_reference, "current": pairs.n_current}
    beside = UNSET if theirs is None else Answer(ours.judged.features, _whole("driftline", ours.judged))
    return Answer(judged.features, _whole(by, judged), rows, pairs.left_out, beside)


def _whole(by: str, judged: Judged) -> Whole:
    whole = judged.dataset
    return Whole(by, whole.drifted, whole.drifted_features, whole.share, whole.limit)
