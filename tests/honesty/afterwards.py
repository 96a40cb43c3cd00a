"""How often windows say that a run helped, or harmed, where it did nothing: `python -m tests.honesty.afterwards`.

Windows have a finding with the same chance before and after. An incident opens by 2 of 3 of them, the run lasts for
some windows, and one looks after each of the 48 windows that follow: wrong is whoever ever says better, or worse.
"""

import argparse
from collections.abc import Iterator
from functools import cache

import numpy as np

from detectors.afterwards import Windows, afterwards

CHANCES, LASTS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0), (0, 3, 12, 45)
K, N, LOOKS = 2, 3, 48

known = cache(afterwards)


def opened(chance: float, dice: np.random.Generator) -> tuple[int, int]:
    """The windows, judged and with findings, that open an incident."""
    seen: list[bool] = []
    while True:
        seen = [*seen, bool(dice.random() < chance)][-N:]
        if seen[-1] and sum(seen) >= K:
            return len(seen), sum(seen)


def said(chance: float, lasts: int, dice: np.random.Generator) -> set[str]:
    """What is ever said of a run that does nothing."""
    judged, found = opened(chance, dice)
    before = Windows(judged + lasts, found + int((dice.random(lasts) < chance).sum()))
    after = np.cumsum(dice.random(LOOKS) < chance).tolist()
    return {str(known(before, Windows(look + 1, n))) for look, n in enumerate(after)}


def table(incidents: int, seed: int) -> Iterator[str]:
    """A row for each chance, a column for each length of the run."""
    yield "| chance of a finding | " + " | ".join(f"the run lasts {lasts} windows" for lasts in LASTS) + " |"
    yield "|" + "---|" * (1 + len(LASTS))
    for chance in CHANCES:
        cells = []
        for lasts in LASTS:
            dice = np.random.default_rng((seed, int(chance * 100), lasts))
            wrong = sum(bool({"better", "worse"} & said(chance, lasts, dice)) for _ in range(incidents))
            cells.append(f"{100 * wrong / incidents:.1f} %")
        yield f"| {chance:g} | {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(*table(asked.incidents, asked.seed), sep="\n")
