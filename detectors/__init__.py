"""The arithmetic of drift: arrays in, arrays out."""

from detectors.distances import DISTANCES
from detectors.sequential import SEQUENTIAL

__all__ = ["DISTANCES", "SEQUENTIAL"]
