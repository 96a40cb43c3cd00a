"""Detectors that remember: folds over steps, a row of state per series.

- How any is run: fold. Any other of River's: river.
- Of means: cusum, ewma, page_hinkley, adwin; of distributions: kswin; of panes, by contrast: evidence.
- Of errors: error_rate, ddm, eddm, hddm_a, hddm_w.
"""

from typing import Any

from detectors.sequential.adwin import Adwin
from detectors.sequential.cusum import Cusum
from detectors.sequential.ddm import Ddm
from detectors.sequential.eddm import Eddm
from detectors.sequential.ewma import Ewma
from detectors.sequential.fold import Sequential, fold
from detectors.sequential.hddm_a import HddmA
from detectors.sequential.hddm_w import HddmW
from detectors.sequential.kswin import Kswin
from detectors.sequential.page_hinkley import PageHinkley

__all__ = ["OF_ERRORS", "SEQUENTIAL", "fold"]

SEQUENTIAL: dict[str, type[Sequential[Any]]] = {
    "adwin": Adwin,
    "cusum": Cusum,
    "ddm": Ddm,
    "eddm": Eddm,
    "ewma": Ewma,
    "hddm_a": HddmA,
    "hddm_w": HddmW,
    "kswin": Kswin,
    "page_hinkley": PageHinkley,
}
OF_ERRORS = {"ddm", "eddm", "hddm_a", "hddm_w"}  # their steps are 0 or 1; those of the others are any number
