"""How services answer is a sum of integers, and quantiles read from it are NumPy's within a bucket, however cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import service
from detectors.performance.service import latency
from detectors.service import BUCKETS, FAILED, GOOD, LONGEST, NOTHING, QUANTUM, SHORTEST, UNKNOWN, WIDTH, Service

LATENCY = st.one_of(
    st.floats(0, 1e5), st.floats(SHORTEST, LONGEST), st.sampled_from([np.nan, -1.0, -0.0, np.inf, 1e300, 5e-324])
)
ANSWERS = st.lists(st.tuples(LATENCY, st.sampled_from([GOOD, FAILED, UNKNOWN])), max_size=40)


def of(answers: list[tuple[float, int]]) -> Service:
    """The part of a list of answers."""
    return service.of(np.array([a for a, _ in answers], float), np.array([s for _, s in answers], np.int64))


@given(ANSWERS, ANSWERS, ANSWERS)
def test_parts_add_up(a: list, b: list, c: list) -> None:
    """A commutative monoid, whatever the batches; the same bytes come back."""
    together = of(a + b + c)
    assert together == (of(a) + of(b)) + of(c) == of(a) + (of(b) + of(c)) == of(c) + of(b) + of(a)
    assert together == NOTHING + together == together + NOTHING
    assert together == service.unpack(service.pack(together))
    assert bool(together) == any(x >= 0 or s != UNKNOWN for x, s in a + b + c)
    assert not together or together.nbytes == together.numbers.nbytes


@given(ANSWERS)
def test_counts_are_those_of_a_loop(answers: list[tuple[float, int]]) -> None:
    """Each latency in the bucket whose edges hold it; sums in whole quanta."""
    part, known = of(answers), [each for each, _ in answers if each >= 0]
    expected = np.zeros(BUCKETS, np.int64)
    for each in known:
        expected[int(np.sum(service.EDGES <= each))] += 1
    assert expected.tolist() == part.latencies.tolist()
    assert sum(round(min(each, LONGEST) / QUANTUM) for each in known) == part.total
    said = [status for _, status in answers]
    assert (said.count(GOOD), said.count(FAILED)) == (part.good, part.failed)


def test_buckets_are_narrow() -> None:
    """Nowhere wider than 1/32 of a latency."""
    edges = service.EDGES
    assert (edges[0], edges[-1], len(edges)) == (SHORTEST, LONGEST, BUCKETS - 1)
    assert (np.diff(edges) / edges[:-1]).max() == WIDTH


@pytest.mark.parametrize("n", [1, 2, 57, 100, 6_001])
@pytest.mark.parametrize("cuts", [1, 3, 50])
@pytest.mark.parametrize("kind", ["lognormal", "constant", "whole", "two kinds"])
def test_quantiles_are_those_of_numpy_whatever_the_batching(kind: str, cuts: int, n: int) -> None:
    """Within a bucket's width, where they lie between two latencies too; means within half a quantum."""
    random = np.random.default_rng(n)
    latencies = {
        "lognormal": lambda: np.exp(random.normal(3, 1, n)),
        "constant": lambda: np.full(n, 12.0),
        "whole": lambda: random.poisson(3, n) + 1.0,
        "two kinds": lambda: random.choice([0.5, 900.0], n, p=[0.9, 0.1]) * random.uniform(0.9, 1.1, n),
    }[kind]()
    unknown = np.full(n, UNKNOWN)
    pieces = np.array_split(np.arange(n), cuts)
    part = sum((service.of(latencies[piece], unknown[piece]) for piece in pieces), NOTHING)
    found, alone = latency.measure(latency.read([part])), latency.values(latency.read([part]))
    for name, share in latency.SHARES.items():
        expected = np.quantile(latencies, share, method="hazen")
        assert found[name].value[0] == alone[name][0] == pytest.approx(expected, rel=WIDTH), name
    assert alone["latency_mean"][0] == pytest.approx(latencies.mean(), abs=QUANTUM / 2 + 1e-9)
