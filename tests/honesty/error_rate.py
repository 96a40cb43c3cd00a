"""How often charts of unchanged error rates alarm, and after how many labels they find a fall of accuracy."""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from detectors.sequential.error_rate import GRAIN, ErrorRate, _slopes, run_length

SERIES = 1_000  # each with a reference of its own
UNCHANGED = 0.10
RISEN = 0.28  # accuracy falls from 0.90 to 0.72
WITHIN = 200  # labels after the fall
CHANCE = 3.0  # standard errors between a count of alarms and the promised one
OFF = 0.20  # by how much alarms may be more frequent than promised, besides
RATES = (0.01, 0.1, 0.3, 0.5, 0.8)


def detector(rng: np.random.Generator, n: int, length: float, rate: float = UNCHANGED) -> ErrorRate:
    """A chart per series, from references of n pairs."""
    size = np.full(SERIES, n)
    return ErrorRate.of(rng.binomial(size, rate), size, np.full(SERIES, length))


def run(
    chart: ErrorRate, rng: np.random.Generator, steps: int, rate: float, fall: int
) -> tuple[int, NDArray[np.int64]]:
    """How often unchanged series alarm in `steps` pairs each, and when after a fall of `fall` more: pairs, 0: never."""
    alarms, state, block = 0, chart.start(), 500
    for _ in range(steps // block):
        one = chart.step(state, np.tile(np.arange(SERIES), block), (rng.random(block * SERIES) < rate))
        alarms, state = alarms + int(one.alarms.sum()), one.state
    fallen = chart.step(state, np.tile(np.arange(SERIES), fall), rng.random(fall * SERIES) < RISEN)
    found = fallen.alarms.reshape(fall, SERIES)
    return alarms, np.where(found.any(axis=0), found.argmax(axis=0) + 1, 0)


def frequency(n: int, length: float, rate: float) -> float:
    """How often an unchanged rate alarms, by the promise: the mean over all references of n pairs, without chance."""
    errors = np.arange(n + 1)
    chances = binom.pmf(errors, n, rate)
    errors, chances = errors[chances > 1e-12], chances[chances > 1e-12]
    chart = ErrorRate.of(errors, np.full(len(errors), n), np.full(len(errors), length))
    allowances, rates = chart.allowances / GRAIN, np.full(len(errors), rate)
    lengths = run_length(chart.thresholds / GRAIN, allowances, rates, _slopes(rates, allowances))
    return float((chances / lengths).sum() * length)


def main() -> int:
    """Print the tables; 1 where a figure is outside."""
    outside = False
    print("alarms by promised alarms, in the mean over references")
    print(f"{'reference':>12}{'one in':>12}" + "".join(f"{f'rate {rate}':>11}" for rate in RATES))
    for n in (50, 200, 1_000, 10_000):
        for length in (3_000, 30_000, 300_000, 3_000_000):
            kept = [frequency(n, length, rate) for rate in RATES]
            outside |= max(kept) > 1 + OFF
            print(f"{n:12,}{length:12,}" + "".join(f"{one:11.2f}" for one in kept))
    print("\ncounted")
    print(
        f"{'reference':>12}{'a false alarm in':>18}{'promised':>10}{'alarms':>8}{'median delay':>14}{'ninth tenth':>13}"
    )
    for n in (1_000, 10_000):
        for length in (3_000, 30_000, 300_000):
            rng = np.random.default_rng(17)
            steps = min(length, 30_000)
            alarms, delays = run(detector(rng, n, length), rng, steps, UNCHANGED, 1_000)
            promised = SERIES * steps / length
            late = np.where(delays > 0, delays, np.inf)
            median, most = np.quantile(late, [0.5, 0.9])
            outside |= bool(abs(alarms - promised) > OFF * promised + CHANCE * np.sqrt(promised)) or median > WITHIN
            print(f"{n:12,}{length:18,}{promised:10,.0f}{alarms:8,}{median:14.0f}{most:13.0f}", flush=True)
    print("\nother rates, references of 5,000 pairs, one false alarm in 10,000")
    for rate in (0.005, 0.02, 0.05, 0.3, 0.5, 0.8):
        rng = np.random.default_rng(18)
        alarms, _ = run(detector(rng, 5_000, 10_000, rate), rng, 10_000, rate, 1)
        outside |= bool(abs(alarms - SERIES) > OFF * SERIES + CHANCE * np.sqrt(SERIES))
        print(f"rate {rate:<7}promised{SERIES:8,}   alarms{alarms:8,}", flush=True)
    return int(outside)


if __name__ == "__main__":
    sys.exit(main())
