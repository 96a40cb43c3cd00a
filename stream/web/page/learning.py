"""What a model's features look like while its reference is still being learned, from the sample so far."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
from msgspec import Struct

from sinks.commit import SAMPLES, Store
from stream.plan import SCORE
from stream.web.page.distribution import Distribution

SAMPLE_MAX = 1_000  # enough for the eye
CELLS = 20


class _Sampled(Struct, frozen=True):
    features: dict[str, object] = {}
    score: object = None


def sketch(store: Store, model: str) -> dict[str, Distribution]:
    """The distribution so far of each feature: equal intervals between extreme percentiles, or the top categories."""
    payloads = store.select(SAMPLES, where={"model": model}, order=("hash",), limit=SAMPLE_MAX)["payload"]
    values: dict[str, list[object]] = {}
    for payload in payloads:
        for name, value in _features(payload).items():
            values.setdefault(name, []).append(value)
    return {name: _counted(found) for name, found in sorted(values.items())}


def _features(payload: bytes) -> dict[str, object]:
    try:
        sampled = msgspec.json.decode(payload, type=_Sampled)
    except msgspec.DecodeError:  # kept for learning, but not as JSON: there is nothing to draw
        return {}
    return sampled.features if sampled.score is None else {**sampled.features, SCORE: sampled.score}


def _counted(values: Sequence[object]) -> Distribution:
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool) and np.isfinite(v)]
    if 2 * len(numbers) > len(values):
        low, high = np.percentile(numbers, [1, 99])
        counts, edges = np.histogram(np.clip(numbers, low, high), CELLS)
        names = [f"{left:.4g} to {right:.4g}" for left, right in pairwise(edges)]
    else:
        top = Counter("missing" if value is None else str(value) for value in values).most_common(CELLS)
        names, counts = [name for name, _ in top], np.array([count for _, count in top])
    return Distribution(tuple(names), (), tuple((counts / len(values)).tolist()), None, len(values))
