"""The tools whose numbers driftline can give, by name.

- What a convention is: convention, and formulas that several share: shares, by_value.
- A tool a file: alibi, azure, deepchecks, evidently, fiddler, frouros, nannyml, popmon, sagemaker, scouter, tfdv,
  vertex, whylogs. What takes more than one: azure_bins, evidently_choice, popmon_bins.
"""

from detectors.conventions.alibi import ALIBI
from detectors.conventions.azure import AZURE
from detectors.conventions.convention import (
    ALL,
    Categories,
    Convention,
    Dataset,
    Feature,
    Judged,
    Numbers,
    Score,
    Scores,
    drifted_features,
)
from detectors.conventions.deepchecks import DEEPCHECKS
from detectors.conventions.evidently import EVIDENTLY
from detectors.conventions.fiddler import FIDDLER
from detectors.conventions.frouros import FROUROS
from detectors.conventions.nannyml import NANNYML
from detectors.conventions.popmon import POPMON
from detectors.conventions.sagemaker import SAGEMAKER
from detectors.conventions.scouter import SCOUTER
from detectors.conventions.tfdv import TFDV
from detectors.conventions.vertex import VERTEX
from detectors.conventions.whylogs import WHYLOGS

__all__ = [
    "ALL",
    "CONVENTIONS",
    "Categories",
    "Convention",
    "Dataset",
    "Feature",
    "Judged",
    "Numbers",
    "Score",
    "Scores",
    "drifted_features",
]

CONVENTIONS: dict[str, Convention] = {
    "evidently": EVIDENTLY,
    "nannyml": NANNYML,
    "tfdv": TFDV,
    "vertex": VERTEX,
    "azure": AZURE,
    "sagemaker": SAGEMAKER,
    "deepchecks": DEEPCHECKS,
    "fiddler": FIDDLER,
    "scouter": SCOUTER,
    "frouros": FROUROS,
    "alibi": ALIBI,
    "whylogs": WHYLOGS,
    "popmon": POPMON,
}
