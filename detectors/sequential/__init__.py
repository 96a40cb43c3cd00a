"""Detectors that remember: folds over steps, a row of state per series."""

from detectors.sequential.cusum import Cusum

SEQUENTIAL: dict[str, type[Cusum]] = {"cusum": Cusum}
