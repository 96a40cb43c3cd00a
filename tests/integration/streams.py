"""Events for a service to read: two models, a change planted in one of them, refused records in between."""

import json
from collections.abc import Iterator, Sequence

import numpy as np

BEGIN_MS = 1_795_000_020_000  # aligned to nothing
MODELS = ("churn", "fraud")
BROKEN = b'{"kind": "prediction"'
BROKEN_EVERY = 97
NEVER = 10**9
LATE_EVERY, LATE_MS = 49, 600_000  # odd, so that both models have late events


def late_among(n: int) -> int:
    """How many of the first n events of a partition are late."""
    return sum(i % BROKEN_EVERY != BROKEN_EVERY - 1 for i in range(LATE_EVERY - 1, n, LATE_EVERY))


def events(
    partition: int,
    n: int,
    step_ms: int,
    *,
    changed_from: int = NEVER,
    begin_ms: int = BEGIN_MS,
    first: int = 0,
    models: Sequence[str] = MODELS,
) -> Iterator[bytes]:
    """Events `first` to `n` of a partition, one each `step_ms`; from `changed_from` on `fraud` has another currency."""
    rng, n_new = np.random.default_rng([partition, first]), n - first
    amounts, scores = rng.normal(100, 15, n_new), rng.random(n_new)
    countries = rng.choice(["FR", "DE", "ES"], n_new, p=[0.5, 0.3, 0.2]).tolist()
    late_ms = np.where(np.arange(first, n) % LATE_EVERY == LATE_EVERY - 1, LATE_MS, rng.integers(0, 2_000, n_new))
    for i, amount, score, country, late in zip(
        range(first, n), amounts.tolist(), scores.tolist(), countries, late_ms.tolist(), strict=True
    ):
        if i % BROKEN_EVERY == BROKEN_EVERY - 1:
            yield BROKEN
            continue
        model = models[i % len(models)]
        changed = model.startswith("fraud") and i >= changed_from
        yield json.dumps(
            {
                "id": f"{partition}-{i}",
                "kind": "prediction",
                "model": model,
                "version": "3",
                "time": begin_ms + i * step_ms - late,
                "features": {"amount": amount * (100 if changed else 1), "country": country},
                "score": score,
            }
        ).encode()
