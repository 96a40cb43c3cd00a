"""Fiddler: the PSI of categories, one event more in each; by its documentation.

How it bins numbers, and to which base its Jensen-Shannon distance is, is not published, and limits are the user's.
"""

from detectors.conventions.convention import Categories, Convention, Feature, Numbers, Refused, Score, above, filled
from detectors.conventions.shares import psi, shares


def _psi(feature: Categories) -> Score:
    filled(*feature.present())
    return above(psi(*(shares(counts + 1) for counts in feature.counts())), None)


def _of_numbers(_: Numbers) -> Score:
    raise Refused("how Fiddler bins numbers is not published")


def _chosen(_: Feature) -> tuple[str]:
    return ("psi",)


FIDDLER = Convention("Fiddler", {"psi": _of_numbers}, {"psi": _psi}, _chosen)
