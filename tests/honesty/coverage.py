"""Do 95 % intervals of realised and estimated metrics hold? All of it: `python -m tests.honesty.coverage`.

Rows are worlds of `binary`, `kinds`, `estimation`, `losses`, `classes` and `segments`, each 2,000 seeded runs at 100,
1,000 and 10,000. Rows are cut into chunks of runs, which processes share. What a chunk found is a line of FILE at once:
whoever begins again goes on where it ended, and what is known of other code is measured anew. Prints a line per row and
figure outside of 93 to 97 %; 1 if one is neither excused by `kinds` nor within what chance makes of so many runs.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.stats import binom

from tests.honesty import binary, binary_worlds, classes, estimation, kinds, losses, segments

RUNS: Final = 2_000
CHUNK: Final = 100  # runs, a fraction of a minute: so much is lost by whoever interrupts
SIZES: Final = (100, 1_000, 10_000)
ROOT: Final = Path(__file__).parents[2]
CODE: Final = ("detectors", "tests/honesty", "tests/detectors/estimation/rows.py")
CHANCE: Final = 1e-3  # of a figure that is just inside to be found further outside
Counted = dict[str, tuple[int, int]]  # by "metric n": runs whose interval held the truth, and all that have a truth


class Row(NamedTuple):
    """A world, whether its runs are seeded one by one, so that they can be cut, and how some of them are made."""

    cut: bool
    held: Callable[[range], Counted]


def _of(module: Any, world: str) -> Callable[[range], Counted]:  # noqa: ANN401 - three modules of one form
    """Runs of estimates."""
    return lambda runs: _counted(module.held(module.WORLDS[world], runs, SIZES))


def _of_classes(world: str) -> Callable[[range], Counted]:
    return lambda runs: _counted(classes.covered(classes.WORLDS[world], runs, SIZES))


def _of_kinds(world: str) -> Callable[[range], Counted]:
    """Runs of realised metrics: all at once."""

    def held(runs: range) -> Counted:
        known = kinds.truth(kinds.WORLDS[world])
        found = {n: kinds.covered(kinds.WORLDS[world], known, n, len(runs)) for n in SIZES}
        return _shared(found, len(runs))

    return held


def _of_binary(runs: range) -> Counted:
    rng = np.random.default_rng(2026)
    world = binary_worlds.drawn(rng, len(runs), binary.PROMISED)
    return _shared({n: binary.coverage(rng, world, n) for n in SIZES}, len(runs))


ROWS: Final[Mapping[str, Row]] = {
    "binary": Row(False, _of_binary),
    **{f"kinds: {world}": Row(False, _of_kinds(world)) for world in kinds.WORLDS},
    **{f"estimation: {world}": Row(True, _of(estimation, world)) for world in estimation.WORLDS},
    **{f"losses: {world}": Row(True, _of(losses, world)) for world in losses.WORLDS},
    **{f"classes: {world}": Row(True, _of_classes(world)) for world in classes.WORLDS},
    **{f"segments: {world}": Row(True, _of(segments, world)) for world in segments.WORLDS},
}


def _counted(held: Mapping[tuple[str, int], Sequence[bool]]) -> Counted:
    return {f"{metric} {n}": (int(sum(each)), len(each)) for (metric, n), each in held.items()}


def _shared(found: Mapping[int, Mapping[str, float]], runs: int) -> Counted:
    return {f"{metric} {n}": (round(share * runs), runs) for n, each in found.items() for metric, share in each.items()}


def chunk(row: str, first: int, last: int) -> dict[str, Any]:
    """Some runs of a row, and how many seconds of a processor they took."""
    begin = time.process_time()
    found = ROWS[row].held(range(first, last))
    return {"row": row, "first": first, "last": last, "seconds": time.process_time() - begin, "held": found}


def code() -> str:
    """A hash of what figures follow from."""
    paths = sorted(
        path for each in CODE for path in ([ROOT / each] if each.endswith(".py") else (ROOT / each).rglob("*.py"))
    )
    return hashlib.blake2b(b"".join(path.read_bytes() for path in paths), digest_size=8).hexdigest()


def chunks(rows: Sequence[str], runs: int) -> Iterator[tuple[str, int, int]]:
    """Which runs are made together: all rows a little, then more, so that a first look says something of all."""
    for row in rows:
        if not ROWS[row].cut:
            yield row, 0, runs
    for first in range(0, runs, CHUNK):
        yield from ((row, first, min(first + CHUNK, runs)) for row in rows if ROWS[row].cut)


def told(found: Sequence[Mapping[str, Any]]) -> int:
    """Print all rows; how many figures are surely outside and not excused."""
    broken = figures = 0
    seconds = sum(each["seconds"] for each in found)
    for row in (name for name in ROWS if any(each["row"] == name for each in found)):
        held: dict[str, tuple[int, int]] = {}
        mine = [each for each in found if each["row"] == row]
        for each in mine:
            for key, (k, n) in each["held"].items():
                before = held.get(key, (0, 0))
                held[key] = before[0] + k, before[1] + n
        made = sum(each["last"] - each["first"] for each in mine)
        known = {key: (k, n) for key, (k, n) in held.items() if n > made / 2}
        outside = {key: (k, n) for key, (k, n) in known.items() if not 0.93 <= k / n <= 0.97}
        figures += len(known)
        print(f"{row}: {made:,} runs, {len(known) - len(outside)} of {len(known)} figures inside")
        for key, (k, n) in outside.items():
            excuse = _excuse(row, key)
            surely = min(binom.cdf(k, n, 0.93), binom.sf(k - 1, n, 0.97)) < CHANCE
            broken += surely and not excuse
            print(f"  {key:28}{k / n:7.3f} of {n:,}  {excuse or ('OUTSIDE' if surely else 'within chance')}")
    print(f"{broken} of {figures:,} figures surely outside 93 to 97 %, {seconds / 60:.1f} minutes of a processor")
    return broken


def _excuse(row: str, key: str) -> str:
    """Why a figure is known to be outside; empty where nobody knows."""
    program, _, world = row.partition(": ")
    metric, n = key.rsplit(" ", 1)
    return kinds.EXCUSED.get((world, metric, int(n)), "") if program == "kinds" else ""


def main(arguments: Sequence[str]) -> int:
    """Measure what is missing in the file, and print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.honesty.coverage", description=__doc__)
    parser.add_argument("rows", nargs="*", help="what rows begin with, as `segments` or `classes: ten`; all without")
    parser.add_argument("--file", type=Path, default=Path("coverage.jsonl"))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(arguments)
    rows = [row for row in ROWS if not asked.rows or row.startswith(tuple(asked.rows))]
    of, wanted = code(), list(chunks(rows, asked.runs))
    lines = asked.file.read_text().splitlines() if asked.file.exists() else []
    found = [each for each in map(json.loads, lines) if each["code"] == of]
    found = [each for each in found if (each["row"], each["first"], each["last"]) in wanted]
    known = {(each["row"], each["first"], each["last"]) for each in found}
    with asked.file.open("a") as file, ProcessPoolExecutor(asked.processes) as pool:
        futures = [pool.submit(chunk, *each) for each in wanted if each not in known]
        for i, future in enumerate(as_completed(futures)):
            found.append({"code": of} | future.result())
            print(json.dumps(found[-1]), file=file, flush=True)
            print(f"\r{i + 1} of {len(futures)}", end="", file=sys.stderr, flush=True)
    return int(told(found) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
