"""The tables that a run goes on from: positions, journal, plans, samples, checkpoints."""

from sinks.commit.table import declare

POSITIONS = declare(
    "positions",
    "How far each partition has been read, and from where its open panes are read again after a restart.",
    "topic partition",
    "newest",
    """
topic text: the event topic
partition int: its partition
offset int: the next offset to read
row int: the next row inside that record
clock int: running maximum of event time of predictions and features, ns; the least int64 where none was seen
label_clock int: the same of labels, ns
rewind_offset int: the offset where the oldest open pane begins
rewind_row int: the row inside that record
rewind_clock int: the clock there, ns
rewind_label_clock int: the label clock there, ns
""",
)
JOURNAL = declare(
    "journal",
    "Every input that is not an event: releases of idle partitions, losses, partitions found, controls, outcomes, "
    "starts that changed something.",
    "topic partition offset kind until",
    "history",
    """
kind text: release, lost, found, plan, control, outcome or start
topic text: the event topic, that of controls or of outcomes, or empty
partition int: its partition, or -1
offset int: the position before which it holds; start: the commit that it went on from
until int: release: the time to which the clock is raised, ns; lost: the first offset behind the gap; else T
detail text: what else there is to say, JSON; start: the settings where they have changed, and what the commit had left
at time: the greatest clock of any partition when it was noted
""",
    time="at",
)
PLANS = declare(
    "plans",
    "What is counted for a model, from T on: features, grid, segments, reference, as one JSON document.",
    "id",
    "always",
    """
id text: content hash of the plan
model text: the model
since int: T, event time in ns from which it holds
body bytes: the plan, JSON
""",
)
FEATURES = declare(
    "features",
    "The features of each plan, for people: what was declared, what was inferred.",
    "plan feature",
    "always",
    """
plan text: the plan's id
model text: the model
feature text: the feature, or output:* and service:* for what the model said and how it served
kind text: numeric or categorical
inferred bool: found in the data rather than declared
cells text: the coordinates it is counted in, JSON
""",
)
RELAYED = declare(
    "relayed",
    "How far each outbox has been sent: the number of the last commit whose rows a broker has confirmed.",
    "outbox",
    "newest",
    """
outbox text: triggers or dead_letters
upto int: commit number
""",
)
SAMPLES = declare(
    "samples",
    "The uniform sample a model is learned from: the rows with the smallest hash of their position.",
    "model hash",
    "always",
    """
model text: the model
hash int: hash of (topic, partition, offset, row), its upper 63 bits
end time: the end of the event's pane
version text: the event's version
payload bytes: the event
""",
)
CHECKPOINTS = declare(
    "checkpoints",
    "State that a restart continues from, as bytes: detectors, policy, learning, admissions.",
    "name",
    "newest",
    """
name text: whose state
body bytes: msgpack
""",
)
