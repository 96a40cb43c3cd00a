"""The tables of labels: what waits for one, what was said, which pairs that made, and how good the model was."""

from sinks.commit.table import declare

_PLACE = """
topic text: the event topic
partition int: its partition
offset int: the record's offset
row int: its row inside the record"""
_KEY = """
key int: half of a hash of model and id
check int: the other half"""

_SAID = f"""
model text: the model
version text: the model's version, as the event has it
end time: the end of its pane
at int: its event time, ns{_KEY}{_PLACE}
plan text: the plan by which it is counted"""

PREDICTIONS = declare(
    "predictions",
    "Predictions with an id, as they were read: what a label may still meet.",
    "topic partition offset row",
    "waiting",
    f"""{_SAID}
score float: what the model was sure of; nan where the event says nothing
value float: the prediction as a number; nan where it is none
answer text: the prediction as a category that the plan knows; empty where it is a number
segments bytes: its row in the plan's summaries for each segment field, uint16, little-endian
several bytes: a hash of classes, then probabilities, float32; or of levels, then quantiles, float64; or hashes of items
""",
    time="end",
)
INPUTS = declare(
    "inputs",
    "What models saw in predictions with an id: of one id in eight, in the first 90 days of a version whose reference "
    "has no labels. Their labels teach what second opinions stand on.",
    "topic partition offset row",
    "waiting",
    f"""{_SAID}
cells bytes: the cell of each input in the plan's grid, counted from the input's first, uint16, little-endian
""",
    time="end",
)
PENDING = declare(
    "pending",
    "How many predictions of a pane have an id, and what share of the ids waits for labels.",
    "model end",
    "history",
    """
model text: the model
end time: the end of the pane
rate float: the share of ids that is kept: 1, or a power of two below
predictions int: predictions of the pane with an id
kept int: those that wait for a label
""",
    time="end",
)
PREDICTED = declare(
    "predicted",
    "How many predictions of a pane wait for labels, and how many of a pane repeat others: each id of a version counts "
    "once.",
    "model version end",
    "waiting",
    """
model text: the model
version text: the model's version, as the event has it
end time: the end of the pane
predictions int: predictions that wait for a label, the first of each id
repeats int: those whose id the version had within a day before, or `labels.within` if that is shorter
""",
    time="end",
)
ANSWERS = declare(
    "answers",
    "Label events. A label's pane is that of its time or of its partition's label clock, whichever is later.",
    "topic partition offset row",
    "answered",
    f"""
model text: the model
end time: the end of its pane
at int: its event time, ns{_KEY}{_PLACE}
does text: label, correct or retract
answer text: the label, of a ranking the relevances as JSON; empty where there is none
""",
    time="end",
)
UNMET = declare(
    "unmet",
    "Labels whose prediction was not there when they came. Of these are the orphans.",
    "topic partition offset row",
    "waiting",
    f"""
model text: the model
end time: the end of the label's pane{_KEY}{_PLACE}
""",
    time="end",
)
PAIRS = declare(
    "pairs",
    "Labels that met their prediction: a row for each, and one that takes it back where a correction came.",
    "model version key check at step change",
    "waiting",
    f"""
model text: the model
version text: the model's version
end time: the end of the prediction's pane
at int: event time of the prediction, ns
step time: the end of the pane with which the pair came about{_KEY}
change int: 1, or -1 where the pair is taken back
first bool: the prediction had no label before; detectors move by such pairs only
delay int: from the prediction to the label, event time, ns
plan text: the plan by which the prediction is counted
score float: of the prediction
value float: the prediction as a number
answer text: the prediction as a category
label text: what the label says
segments bytes: of the prediction
several bytes: of the prediction; of a list the relevances, float32: by place, -1, and of what it does not have
""",
    time="end",
)
MET = declare(
    "met",
    "What became of predictions and labels, per model and step.",
    "model step",
    "history",
    """
model text: the model
step time: the end of the pane
predictions int: predictions of the pane that wait for a label, the first of each id and version
repeats int: predictions of the pane whose id their version had already; the first counts
pairs int: predictions that have their first label now
corrected int: labels that changed an earlier one
retracted int: labels that were taken back
again int: labels of an id that has one, without a word of correction; not counted
late int: labels that came later than `labels.within`, by a day at most; not counted
orphans int: labels whose id had no prediction within `labels.within`
unsampled int: labels without a prediction whose id is not in the sample that waits
unusable int: labels that say nothing: null; an object or an array, but for a ranking's
""",
    time="step",
)
STANDARDS = declare(
    "standards",
    "How good a version was in its first windows: what later ones are compared with. The newest row counts.",
    "model version step",
    "always",
    """
model text: the model
version text: the model's version, or (new) for all that are not told apart
step time: the end of the pane with which this became known
measured text: a hash of how its pairs are measured: kind, classes, threshold
pairs int: how many there are
settled bool: they are enough, and no more are taken
cells bytes: their sums, compressed
""",
)
ABREAST = declare(
    "abreast",
    "What labels say of a window in which several versions have predictions, of the shortest length: averages over "
    "classes, and average precision, are compared by it. The newest `step` counts.",
    "model version length end step",
    "history",
    """
model text: the model
version text: the model's version
length int: the window's length, ns
end time: where it ends, exclusive
step time: the end of the pane up to which labels are in it
cells text: `scores`, by label and bin; or the classes by true and predicted one, as JSON
counts bytes: how many labels each cell has, int32, little-endian, compressed by zlib
""",
    time="end",
)
PERFORMANCE = declare(
    "performance",
    "How good a model was in a window, as far as its labels say. A row per metric whenever there is more to say: the "
    "newest `step` counts.",
    "model version segment length end metric step",
    "history",
    """
model text: the model
version text: the model's version, or (new) for all that are not told apart
segment text: `field=value`; the field alone for gaps between its groups; empty for all events
metric text: what was measured
length int: the window's length, ns
start time: where it begins
end time: where it ends, exclusive
step time: the end of the pane up to which labels are in it
status text: provisional, mature (enough labels) or final (no more will count)
value float: what was measured
error float: its standard error
low float: where its 95 % interval begins
high float: where its 95 % interval ends
reference float: the same metric of the pairs that it is compared with; nan where it has no limit, or none is known yet
limit float: the value beyond which the window is surely worse than the reference by more than is tolerated
baseline float: what the best constant answer would have had
verdict text: well, worse or unknown, once the window is mature or final; else empty, as for metrics without a limit
predicted int: predictions that wait for a label, the first of each id, or make a gap that needs none; -1 for segments
repeats int: further predictions whose id the version had already, in none of these numbers; -1 for segments and gaps
labelled int: those that have one; 0 for a gap that needs none
rate float: the share of ids that was kept: the least of the window's panes
bound float: how far the value may be off because scores were counted in bins; 0: not at all; nan where nobody knows
""",
    time="end",
)
