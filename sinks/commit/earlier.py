"""Closed windows that later ones are compared with, and which ones each was."""

from sinks.commit.table import declare

EARLIER = declare(
    "earlier",
    "Closed windows that later ones may be compared with, of models whose reference moves.",
    "model version length end",
    "earlier",
    """
model text: the model
version text: the model's version
length int: the window's length, ns
start time: where it begins
end time: where it ends, exclusive
of_day int: how far into its day (UTC) it ends, ns
of_week int: how far into its week it ends, ns; weeks begin on Thursday, as 1970 did
plan text: the plan in whose grid it is counted
drifted bool: whether anything in it drifted: then it waits until it can be part of no incident any more
events int: how many events
summary bytes: counts and sums of every segment and feature, as `detectors/packing.py` lays them out
""",
    time="end",
)
COMPARED = declare(
    "compared",
    "Of windows of models whose reference moves: which rows of `earlier` they were compared with, the sum of all.",
    "model version length end",
    "earlier",
    """
model text: the model
version text: the model's version
length int: the window's length, ns
end time: where the window ends, exclusive
plan text: the plan in whose grid all are counted
ends bytes: where those that it was compared with end, ns, ascending; integers of 64 bits, the least byte first
""",
    time="end",
)
