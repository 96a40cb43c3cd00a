"""Whether windows with findings have become surely fewer, or surely more, since something was done about them.

Fisher 1935, The logic of inductive inference: given how many windows have findings in all, those after it are a draw
without replacement, if nothing has changed. Windows that opened an incident were chosen because they had findings, and
one looks again whenever a window closes: so the level is a tenth of the usual one. Where nothing changes it is then
missed less than one time in twenty over all looks (`python -m tests.honesty.afterwards`).
"""

from math import comb
from typing import Final, Literal, NamedTuple

LEVEL: Final = 0.005  # one looks again at every window, and those before were selected by their findings
Verdict = Literal["better", "no difference", "worse", "not yet known"]


class Windows(NamedTuple):
    """How many windows were judged, and in how many of them something was found."""

    judged: int
    found: int


def afterwards(before: Windows, after: Windows) -> Verdict:
    """What windows say. `not yet known`: not even windows without a finding, or all with one, would say more."""
    if min(before.judged, after.judged) == 0:
        return "not yet known"
    if fewer(before, after) <= LEVEL:
        return "better"
    if more(before, after) <= LEVEL:
        return "worse"
    best, worst = Windows(after.judged, 0), Windows(after.judged, after.judged)
    telling = fewer(before, best) <= LEVEL if before.found else more(before, worst) <= LEVEL
    return "no difference" if telling else "not yet known"


def fewer(before: Windows, after: Windows) -> float:
    """The chance of as few windows with findings after it, or fewer, if nothing has changed (Fisher's exact test)."""
    return _chance(before, after, range(after.found + 1))


def more(before: Windows, after: Windows) -> float:
    """The same of as many, or more."""
    return _chance(before, after, range(after.found, after.judged + 1))


def _chance(before: Windows, after: Windows, some: range) -> float:
    """The chance that one of these numbers of findings is after it: in integers, and so exact."""
    found, clean = before.found + after.found, before.judged + after.judged - before.found - after.found
    ways = sum(comb(found, n) * comb(clean, after.judged - n) for n in some)
    return ways / comb(found + clean, after.judged)
