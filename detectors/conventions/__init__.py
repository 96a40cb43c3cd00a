"""The tools whose numbers driftline can give, by name."""

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
from detectors.conventions.evidently import EVIDENTLY
from detectors.conventions.nannyml import NANNYML

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

CONVENTIONS: dict[str, Convention] = {"evidently": EVIDENTLY, "nannyml": NANNYML}
