"""The table of closed windows that later ones are compared with."""

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
