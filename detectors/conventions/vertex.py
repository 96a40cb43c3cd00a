"""Vertex AI model monitoring, v1: TFDV's distances under a limit of 0.3; v2 has the same and no limit by default."""

from detectors.conventions.convention import Categories, Convention, Feature
from detectors.conventions.tfdv import jensen_shannon_divergence, largest_gap

LIMIT = 0.3  # v1, training-serving skew: for features without one of their own


def _chosen(feature: Feature) -> tuple[str]:
    return ("l_infinity",) if isinstance(feature, Categories) else ("jensen_shannon_divergence",)


VERTEX = Convention(
    "Vertex AI",
    {"jensen_shannon_divergence": lambda feature: jensen_shannon_divergence(feature, LIMIT)},
    {
        "l_infinity": lambda feature: largest_gap(feature, LIMIT),
        "jensen_shannon_divergence": lambda feature: jensen_shannon_divergence(feature, LIMIT),
    },
    _chosen,
)
