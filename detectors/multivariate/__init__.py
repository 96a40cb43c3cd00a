"""Several series at once: changes that no single feature shows, and which features made them.

The table of tests of rows: each takes the reference's and the window's, (n, features) with nan where a value is
missing, and gives an outcome with what each feature has to do with it.
"""

from collections.abc import Callable
from typing import TypeVar

from detectors.codes import Floats
from detectors.multivariate.classifier import domain_classifier
from detectors.multivariate.discrepancy import random_features
from detectors.multivariate.gram import Gram
from detectors.multivariate.joint import Joint, Standard
from detectors.multivariate.structure import Correlations, correlations, reconstruction

Result = TypeVar("Result")


def _by_gram(test: Callable[[Gram, Gram], Result]) -> Callable[[Floats, Floats], Result]:
    """A test of matrices as one of rows, measured by the first ones."""

    def tested(expected: Floats, observed: Floats) -> Result:
        standard = Standard.of(expected)
        return test(Gram.of(expected, standard), Gram.of(observed, standard))

    return tested


TOGETHER: dict[str, Callable[[Floats, Floats], Joint | Correlations]] = {
    "correlation": _by_gram(correlations),
    "pca": _by_gram(reconstruction),
    "classifier": domain_classifier,
    "mmd": random_features,
}
