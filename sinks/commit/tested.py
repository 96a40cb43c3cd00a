"""The tables of two-sample tests: samples of panes and references, and what is said of windows."""

from sinks.commit.table import declare

REFERENCE_ROWS = declare(
    "reference_rows",
    "A sample of the rows of a plan's reference: what tests compare windows with.",
    "plan",
    "always",
    """
plan text: the plan's id
model text: the model
n int: how many rows
columns int: how many numeric columns, in the order of the plan's grid
values bytes: the rows one after the other, doubles, little-endian; nan where there is no finite number
""",
)
DRAWN = declare(
    "drawn",
    "Of closed panes the events with the smallest hash of their position, as far as a sample of an open window can "
    "have them.",
    "model version end",
    "panes",
    """
model text: the model
version text: the model's version, or (new) for all that are not told apart
start time: where the pane begins
end time: where it ends, exclusive
k int: how many events it may be at most
bound int: all events of the pane with a smaller hash are here
hashes bytes: 64-bit integers, ascending
values bytes: a row of the plan's numeric columns for each, doubles, little-endian; nan where there is no finite number
""",
    time="end",
)
ATTRIBUTIONS = declare(
    "attributions",
    "Of closed windows of models whose events have attributions: how well their order agrees with the reference's. The "
    "means are in `distances`, of the features whose names begin with `attribution:`.",
    "model version length end",
    "history",
    """
model text: the model
version text: the model's version, or (new) for all that are not told apart
length int: the window's length, ns
start time: where it begins
end time: where it ends, exclusive
ndcg float: normalised discounted cumulative gain of the window's order, 1 where it is the reference's; nan if not known
at_most float: what it may be at most, for all that chance does; nan if not known
least float: what it should be at least, `drift.attribution`
n int: values of the window of the feature that has fewest
n_reference int: the same of the reference
verdict text: ok, drift (surely below) or unknown
words text: which features moved, where it is below
""",
    time="end",
)
TESTED = declare(
    "tested",
    "What two-sample tests say of closed windows: those that `drift.tests` and `drift.together` name. They judge "
    "nothing unless `drift.findings` says so. And `pairs`, which `drift.pairs` asks for, and which judges. There is no "
    "row where a test is not defined.",
    "model version feature length end test",
    "history",
    """
model text: the model
version text: the model's version, or (new) for all that are not told apart
feature text: the feature; empty for a test of all numeric features together
length int: the window's length, ns
start time: where it begins
end time: where it ends, exclusive
test text: the test, as docs/detectors.md names it
statistic float: what it computes
p float: the chance of a greater one without a change, if events are independent; nan where it is not known
effect float: how large the change is, whatever the sample size
n int: values of the window that were tested; all of them where they are categories
n_reference int: the same of the reference
words text: which features moved a test of several; empty where chance may have
""",
    time="end",
)
