"""The law of measuring: a row's numbers are its own, to the last bit, whichever rows are measured with it."""

from collections.abc import Callable

import numpy as np
import pytest

from detectors.performance import cells, expressed, ranking, ranking_metrics, regression, regression_metrics
from detectors.performance.cells import Cells
from detectors.performance.classes import binary, binary_metrics, multiclass, multiclass_metrics
from detectors.performance.expression import parsed
from detectors.performance.measured import Measured
from detectors.performance.versions.comparable import CELLS

Measure = Callable[[Cells], dict[str, Measured]]
BINARY, CLASSES, NUMBERS = binary.Binary(), multiclass.Multiclass(tuple("abcd")), regression.Regression(10.0, 3)
LISTS = ranking.Ranking()
ROWS, TRIALS = 100, 100


def _binary(rng: np.random.Generator, n: int) -> Cells:
    score = rng.beta(2, 5, n)
    told = binary.pairs(BINARY, score, (score > 0.3).astype(np.int8), rng.random(n) < score)
    return cells.of(binary.layout(BINARY), *told, np.zeros((n, 0), np.int64), 1)


def _classes(rng: np.random.Generator, n: int) -> Cells:
    truth = rng.integers(0, 5, n)
    said = np.where(rng.random(n) < 0.7, truth, rng.integers(0, 5, n))
    told = multiclass.pairs(CLASSES, truth, said, rng.dirichlet(np.ones(4), n))
    return cells.of(multiclass.layout(CLASSES), *told, np.zeros((n, 0), np.int64), 1)


def _numbers(rng: np.random.Generator, n: int) -> Cells:
    label = rng.lognormal(2, 1, n)
    predicted = label * rng.lognormal(0, 0.2, n)
    told = regression.pairs(NUMBERS, label, predicted, np.empty((n, 0)))
    return cells.of(regression.layout(NUMBERS), *told, np.zeros((n, 0), np.int64), 1)


def _lists(rng: np.random.Generator, n: int) -> Cells:
    gains = np.where(rng.random((n, 12)) < 0.3, rng.integers(1, 4, (n, 12)), 0).astype(np.float64)
    told = ranking.pairs(LISTS, gains, np.where(rng.random((n, 3)) < 0.3, 1.0, 0.0))
    return cells.of(ranking.layout(LISTS), *told, np.zeros((n, 0), np.int64), 1)


EXPRESSIONS = [
    parsed(text, {*CELLS, *expressed.DECIDED})
    for text in (
        "5 * false_negatives + false_positives",
        "log(true_positives * true_negatives / (false_positives * false_negatives))",
        "max(precision, recall) - min(sqrt(recall), exp(-specificity), 0.7)",
    )
]


def _expressions(made: Cells) -> dict[str, Measured]:
    seen = binary.read(BINARY, made)
    loss = {"log_loss": binary_metrics.measure(seen, names=("log_loss",))["log_loss"]}
    bits = parsed("exp(log_loss) + log(log_loss)", loss)
    several = {str(i): expressed.of_decisions(each, seen.confusion) for i, each in enumerate(EXPRESSIONS)}
    return several | {"bits": expressed.of_one(bits, loss["log_loss"])}


KINDS: dict[str, tuple[Callable[[np.random.Generator, int], Cells], Measure]] = {
    "binary": (_binary, lambda made: binary_metrics.measure(binary.read(BINARY, made))),
    "multiclass": (_classes, lambda made: multiclass_metrics.measure(CLASSES, made)),
    "regression": (_numbers, lambda made: regression_metrics.measure(NUMBERS, made)),
    "ranking": (_lists, lambda made: ranking_metrics.measure(LISTS, made)),
    "expressions": (_binary, _expressions),
}


def _bits(measured: Measured, n: int) -> list[bytes]:
    """All that is said of each row; nan is nan, whatever its sign."""
    columns = np.concatenate([column.reshape(n, -1) for column in measured], axis=1)
    return [row.tobytes() for row in np.where(np.isnan(columns), np.nan, columns)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_measured_alike_among_any_others(kind: str) -> None:
    """SIMD code may round otherwise than the code for what is left over, and for numbers that lie apart in memory."""
    rng = np.random.default_rng(1)
    make, measure = KINDS[kind]
    each = [make(rng, int(n)) for n in rng.integers(2, 40, ROWS)]
    with np.errstate(all="ignore"):
        alone = [{name: _bits(found, 1)[0] for name, found in measure(one).items()} for one in each]
        for _ in range(TRIALS):
            places = rng.integers(0, ROWS, rng.integers(1, 100)).tolist()
            together = measure(Cells.stacked([each[i] for i in places]))
            for name, found in together.items():
                assert _bits(found, len(places)) == [alone[i][name] for i in places], name


def test_cells_are_the_same_after_a_way_through_bytes() -> None:
    """Packed and unpacked, several rows at once."""
    rng = np.random.default_rng(2)
    made = Cells.stacked([_binary(rng, int(n)) for n in (1, 10, 1_000)])
    assert Cells.unpack(made.layout, 3, made.pack()) == made
