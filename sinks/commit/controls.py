"""What people asked of the monitor, and what became of it."""

from sinks.commit.table import declare

CONTROLS = declare(
    "controls",
    "Every record of the control topic: who asked for what, and what became of it.",
    "topic partition offset",
    "history",
    """
topic text: the control topic
partition int: its partition
offset int: the record's offset
at time: when it was published, wall clock, by the record's timestamp
since int: T, event time in ns from which it holds; the least int64: from the first pane on
id text: its id; a second one of the same model is repeated
kind text: pause, resume, acknowledge, close, trigger, maintenance, deployment or reference
model text: the model, or * for all
who text: who asked
words text: why
detail text: what else it said, JSON: the incident, from when to when
outcome text: applied, repeated, refused, or lost where the topic had forgotten it
why text: why it was refused, else empty
""",
    time="at",
)
