"""A comparison in lines for a terminal: the verdict, then each feature with its measures, its shape and what moved."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from msgspec import UNSET

from detectors.codes import Floats
from detectors.conventions import Score
from stream.comparison.answer import Answer
from stream.comparison.own import Own
from stream.comparison.pairs import Pairs
from stream.comparison.shapes import absent, changes, shape
from stream.config.units import several

BARS = " ▁▂▃▄▅▆▇█"
NONE: Final = "no verdict"


def picture(said: Answer, ours: Own, pairs: Pairs) -> Iterator[str]:
    """The lines."""
    whole = said.dataset
    yield f"{whole.by}: {of_all(said)}, {len(whole.drifted_features)} of {several(len(said.features), 'feature')}"
    if said.driftline is not UNSET:
        yield f"driftline: {of_all(said.driftline)}"
    for name, scores in said.features.items():
        counted = ours.counted[name]
        yield ""
        yield f"{name}: {of_feature(name, said)}"
        yield from (f"  {line}" for line in _measures(scores))
        if said.driftline is not UNSET:
            yield f"  driftline: {of_feature(name, said.driftline)}"
        drawn = shape(pairs.columns[name])
        for side, shares, counts in (
            ("reference", drawn.reference, counted.expected),
            ("current  ", drawn.current, counted.observed),
        ):
            n = f"{several(int(counts.sum()), 'row')}, {100 * absent(counts, counted.regular):.3g} % missing"
            yield f"  {side} {_bars(shares, max(drawn.reference.max(initial=0), drawn.current.max(initial=0)))}  {n}"
        yield f"            from {drawn.names[0]} to {drawn.names[-1]}" if len(drawn.names) > 1 else ""
        if name in ours.judged.dataset.drifted_features:
            yield from (f"  {line}" for line in changes(counted))
    for name, why in (said.left_out or {}).items():
        yield f"left out: {name} ({why})"


def verdict(drifted: bool) -> str:
    """In words."""
    return "drifted" if drifted else "not drifted"


def of_all(said: Answer) -> str:
    """The verdict on the whole; none where no feature has one, although the exit code takes it for *not drifted*."""
    known = any(score.drifted is not None for scores in said.features.values() for score in scores.values())
    return verdict(said.dataset.drifted) if known or said.dataset.drifted else NONE


def of_feature(name: str, said: Answer) -> str:
    """A feature's verdict in a word or two: by what decides, whatever is shown beside it."""
    if name in said.dataset.drifted_features:
        return verdict(drifted=True)
    known = any(score.drifted is not None for score in said.features[name].values())
    return verdict(drifted=False) if known else NONE


def told(score: Score) -> str:
    """A value, its limit and the verdict."""
    if score.value is None:
        return f"none: {score.problem}"
    limit = "" if score.limit is None else f" (limit {score.limit:.4g})"
    p_value = "" if score.p_value is None else f", p = {score.p_value:.3g}"
    words = score.problem or ("" if score.drifted is None else verdict(score.drifted))
    return f"{score.value:.4g}{limit}{p_value}{': ' if words else ''}{words}"


def _measures(scores: Mapping[str, Score]) -> Iterator[str]:
    for measure, score in scores.items():
        yield f"{measure} {told(score)}"


def _bars(shares: Floats, most: float) -> str:
    heights = np.ceil(shares / (most or 1.0) * (len(BARS) - 1)).astype(np.int64)
    return "".join(BARS[height] for height in heights)
