"""The tables of performance before labels: what estimates stand on, what they say, and what became of them."""

from sinks.commit.table import declare

_WINDOW = """
model text: the model
version text: the model's version, or (new) for all that are not told apart
segment text: empty, for all events
metric text: what is estimated, named as in `performance`
length int: the window's length, ns
start time: where it begins
end time: where it ends, exclusive"""

BASES = declare(
    "bases",
    "What a version's first labels taught, where its reference has none: estimates stand on it from `since` on.",
    "model version since",
    "always",
    """
model text: the model
version text: the model's version
since int: windows that begin then or later are estimated by it, ns
n int: labels that it was learned from
body bytes: the calibration and its bins, or the effects of the answer on errors, JSON
""",
)
EXAMPLES = declare(
    "examples",
    "Labelled events of a version's first windows, where its reference has none: second opinions weigh them once they "
    "are enough. A row for each window that taught.",
    "model version step end",
    "always",
    """
model text: the model
version text: the model's version
end time: where the window ends
step time: the end of the pane up to which labels are in it; windows that begin then or later are weighed by it
plan text: the plan in whose cells their inputs are
answers text: what was counted as what
kind text: what became of answers: decisions, answers or errors
n int: how many events there are
outcomes bytes: what became of each answer, float64, little-endian
cells bytes: the cell of each event's inputs, counted from the input's first, an event after the other, uint16
""",
)
ESTIMATES = declare(
    "estimates",
    "How good a model probably was in a window, by its scores or inputs alone: told once, when the window closes.",
    "model version segment length end metric",
    "history",
    f"""{_WINDOW}
basis text: where the labels come from that say what scores mean, or how large errors are
value float: what is expected
chance float: its standard error by the chance of the window's own labels
shared float: its standard error by the chance of the labels that it stands on, which all windows have in common
low float: where its 95 % interval begins
high float: where its 95 % interval ends
n int: predictions of the window that have an id, and a score, scores or a number
""",
    time="end",
)
WEIGHTED = declare(
    "weighted",
    "A second opinion on the same windows, by their inputs alone: what labelled events of the reference would say if "
    "their inputs were distributed as the window's. Told once, when the window closes.",
    "model version segment length end metric",
    "history",
    f"""{_WINDOW}
basis text: where the labelled events come from
value float: what is expected; without a number `why` says why
chance float: its standard error by the chance of the window's own labels
shared float: its standard error by the chance of the labelled events, which all windows have in common
low float: where its 95 % interval begins
high float: where its 95 % interval ends
n int: predictions of the window that have an id
labelled int: labelled events that are weighted
effective float: how many of equal weight they are worth
covered float: the least share, of any feature, of the window's events that lie where labelled ones do
apart bool: whether the estimate by scores surely says something else
why text: why there is no number; empty where there is one
""",
    time="end",
)
RECONCILED = declare(
    "reconciled",
    "Estimates beside the truth, once a window of the shortest length has enough labels: told once, "
    "and again where labels were taken back in between.",
    "model version segment length end metric opinion step",
    "history",
    f"""{_WINDOW}
opinion text: first, of `estimates`, or second, of `weighted`
step time: the end of the pane up to which labels are in it
status text: mature or final, as the window was then
value float: what was estimated
low float: where its 95 % interval begins, for as many labels as there are
high float: where that ends
truth float: what the labels say
outside bool: whether the truth is not in the interval
labelled int: labels of the window
""",
    time="end",
)
