"""How often incidents open where nothing changed: `python -m tests.honesty.incidents` writes docs/honesty.md.

Measured over promised, per model and in the mean over references: every model of a row has a reference of its own, of
60 panes that teach how much windows vary, then WINDOWS windows that are judged at the level of `detectors.budgets` and
counted as the policy of the stream does. The promises are one false incident in 100 and in 1,000 windows; each row
expects 100 at least of the rarer one.
"""

import argparse
import hashlib
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from zlib import crc32

import msgspec
import numpy as np

from detectors import coupling
from detectors.budgets import WAYS, alpha_for, ways
from detectors.verdict import PANES_MIN, Spread, judge
from detectors.verdict.judge import FEW as FEW_CATEGORIES
from stream.config.checking.earlier import among_days, choices
from stream.config.sections.references import Reference
from stream.config.settings import DAY, Trigger
from tests.honesty import drift_worlds as worlds
from tests.honesty import pairs
from tests.honesty.days import Judged, beside
from tests.honesty.drift_page import Measured, document, line, outside
from tests.honesty.drift_rows import FEW, FREQUENT, MODELS, PROMISES, ROWS, TRIGGERS, WINDOWS, Row
from tests.honesty.suspicion import suspects

SEED = 6
HERE = Path(__file__).parents[2]
DOCUMENT = HERE / "docs" / "honesty.md"
# What a row depends on; the rest may change and it stays as it was measured.
CODE = (
    "detectors/budgets.py",
    "detectors/coupling.py",
    "detectors/rare.py",
    "detectors/verdict/*.py",
    *(f"tests/honesty/{name}.py" for name in ("days", "incidents", "drift_rows", "drift_worlds", "pairs", "suspicion")),
)


def measured(row: Row, models: int = MODELS, seed: int = SEED) -> Measured:
    """Simulate a row."""
    started = time.process_time()
    by_ways = np.stack([_levels(row, 1 if row.tolerate or row.votes else each) for each in WAYS])
    level = by_ways[-1]
    counts, unknown = np.zeros((models, *level.shape)), 0.0
    for model in range(models):
        rng = np.random.default_rng((seed, crc32(row.key.encode()), model))
        first = 0 if model < FREQUENT else 1
        found = _judged(row, rng, float(level[first:].max()))
        unknown += float(1 - found.known.mean()) / models
        own = by_ways[np.searchsorted(WAYS, found.ways)]  # (windows, features, promises, triggers)
        for i, j in np.ndindex(level[first:].shape):
            drifted = (found.p <= own[:, :, first + i, j]) & found.known
            counts[model, first + i, j] = incidents(drifted, TRIGGERS[j], found.known)
    each = [_ratio(counts[:FREQUENT, 0], PROMISES[0]), _ratio(counts[:, 1], PROMISES[1])]
    ratio, error = (np.stack(part) for part in zip(*each, strict=True))
    return Measured(ratio.tolist(), error.tolist(), level.tolist(), unknown, time.process_time() - started)


def _levels(row: Row, contrasts: int) -> np.ndarray:
    """The level of a feature that alarms in so many ways, (promises, triggers)."""
    comparisons, rho = 1 if row.votes else row.features, row.n / (row.n + row.reference)
    return np.array(
        [
            [
                alpha_for(WINDOWS * per, WINDOWS, comparisons, each.windows, each.of, rho, 1, contrasts)
                for each in TRIGGERS
            ]
            for per in PROMISES
        ]
    )


def _ratio(counts: np.ndarray, promise: float) -> tuple[np.ndarray, np.ndarray]:
    """Incidents of models over those promised, and its standard error, (triggers,) each; of none as of one."""
    models, promised = len(counts), WINDOWS * promise
    return counts.mean(axis=0) / promised, np.sqrt(np.maximum(counts.var(axis=0), 1 / models) / models) / promised


def _judged(row: Row, rng: np.random.Generator, level: float) -> Judged:
    """One model; p-values surely above a level may be 1."""
    if row.votes:
        return _together(row, row.votes, rng)
    return _by_slot(row, rng) if row.slots else _pinned(row, rng, level)


def _pinned(row: Row, rng: np.random.Generator, level: float) -> Judged:
    """Beside one reference, whose panes teach how much windows vary; a slow series is unknown, as the stream has it."""
    panes, draw = row.world(rng, row.features, row.m)
    ordered = np.broadcast_to(np.arange(panes.shape[2]) < row.on_line, panes.shape[1:])
    spread, expected = Spread.learn(panes, ordered), panes.sum(axis=0)
    observed = draw(WINDOWS, row.n)
    several = row.on_line == 0 and panes.shape[2] > FEW_CATEGORIES
    found = np.ones(observed.shape[:2], np.bool_)
    if not (several or row.tolerate):
        found = suspects(expected, observed, row.on_line, level, spread)
    windows, at = np.nonzero(found)
    p = np.ones(found.shape)
    p[windows, at] = judge(expected[at], observed[windows, at], ordered[at], row.tolerate, spread.take(at)).p
    known, many = ~spread.slow | (row.tolerate > 0), ways(np.count_nonzero(expected, axis=1))
    return Judged(p, *(np.broadcast_to(each, p.shape) for each in (known, many)))


def _by_slot(row: Row, rng: np.random.Generator) -> Judged:
    """Each window beside its slot of the days before; what the days before each day teach is renewed once a day."""
    _, draw = row.world(rng, row.features, worlds.PANES)
    teaching = among_days(*choices(Reference(days=row.days), DAY))
    first = row.slots * teaching
    counts = draw(first + WINDOWS, row.n)
    found = []
    for start in range(first, len(counts), row.slots):
        before = counts[start - first : start].reshape(teaching, row.slots, *counts.shape[1:])
        found.append(beside(counts[start : start + row.slots], before, row.on_line, row.days, row.tolerate))
    return Judged(*(np.concatenate(each) for each in zip(*found, strict=True)))


def _together(row: Row, votes: pairs.Draw, rng: np.random.Generator) -> Judged:
    """All pairs of features as one comparison, taught by the panes of the reference."""
    drawn = votes(rng, PANES_MIN, row.m // PANES_MIN, row.features, 0.5)
    cuts = pairs.cut(drawn)
    said = pairs.votes(drawn, cuts)
    panes = pairs.every(said)
    n = np.full(PANES_MIN, said.shape[1])
    spread = coupling.Spread.learn(panes.covariance, panes.variance, n, features_vary=votes in pairs.FOLLOW)
    before = pairs.every(said.reshape(1, -1, row.features))
    now = pairs.every(pairs.votes(votes(rng, WINDOWS, row.n, row.features, 0.5), cuts))
    each = coupling.chances(before, now, row.m, row.n, 0.0, spread)
    p = np.minimum(each.min(axis=1, keepdims=True) * each.shape[1], 1.0)
    return Judged(p, coupling.known(before, now).any(axis=1, keepdims=True), np.ones(p.shape, np.int64))


def incidents(drifted: np.ndarray, trigger: Trigger, known: np.ndarray) -> int:
    """How many incidents the policy opens, of verdicts that are known, (windows, features) each.

    One opens where a feature drifted in k of its last n known windows, and closes once none drifted for n windows: so
    windows with drift that follow each other so closely have one together, if they have any.
    """
    lasting = np.zeros(len(drifted), np.bool_)
    for feature in np.flatnonzero(drifted.any(axis=0)):
        at = np.flatnonzero(known[:, feature])
        hits = drifted[at, feature]
        often = np.convolve(hits, np.ones(trigger.of, np.int64))[: len(hits)] >= trigger.windows
        lasting[at[hits & often]] = True
    some = np.flatnonzero(drifted.any(axis=1))
    spell = np.cumsum(np.diff(some, prepend=0) > trigger.of)
    return len(np.unique(spell[lasting[some]]))


def main() -> int:
    """Run rows and write the table; 1 if a ratio is surely outside."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--rows", type=_numbers, default=tuple(range(len(ROWS))), help="which, such as 0-7,40")
    parser.add_argument(
        "--resume", type=Path, help="a file that rows are added to; those that it has are not run again"
    )
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    parser.add_argument("--few", action="store_true", help="eight rows, and no document: fails where one is outside")
    chosen = parser.parse_args()
    known = {} if chosen.resume is None else read(chosen.resume)
    numbers = [i for i in (FEW if chosen.few else chosen.rows) if i not in known]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        running = {pool.submit(_numbered, i): i for i in sorted(numbers, key=lambda i: -ROWS[i].features)}
        for done in as_completed(running):
            i = running[done]
            known[i] = done.result()
            print(i, line(ROWS[i], known[i]), f"{known[i].seconds:.0f} s", flush=True)
            if chosen.resume is not None:
                add(chosen.resume, i, known[i])
    found = [(ROWS[i], known[i]) for i in sorted(known)]
    if not chosen.few:
        chosen.out.write_text(document(found))
    return int(any(outside(*each).any() for each in found))


def _numbers(text: str) -> tuple[int, ...]:
    """Numbers and spans of them."""
    spans = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return tuple(i for span in spans for i in range(span[0], span[-1] + 1))


def _numbered(i: int) -> Measured:
    """Of the i-th row: a world is no data that another process could be sent."""
    return measured(ROWS[i])


class _Kept(msgspec.Struct):
    """A row as a file has it: what was measured, and by what."""

    row: str
    seed: int
    code: str
    found: Measured


def read(path: Path) -> dict[int, Measured]:
    """Rows that this very code has measured, by number."""
    numbers, code = {row.key: i for i, row in enumerate(ROWS)}, digest()
    found: dict[int, Measured] = {}
    for each in path.read_bytes().splitlines() if path.exists() else ():
        kept = msgspec.json.decode(each, type=_Kept)
        if kept.code == code and kept.seed == SEED and kept.row in numbers:
            found[numbers[kept.row]] = kept.found
    return found


def add(path: Path, i: int, found: Measured) -> None:
    """Append a row."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(_Kept(ROWS[i].key, SEED, digest(), found)) + b"\n")


def digest() -> str:
    """A digest of all that a row depends on."""
    files = sorted(path for pattern in CODE for path in HERE.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
