"""What became of triggers at targets, as dispatchers tell it."""

from sinks.commit.table import declare

OUTCOMES = declare(
    "outcomes",
    "What became of triggers: every step of a run at a target, as a dispatcher told it on the topic of outcomes, the "
    "first time that it did.",
    "topic partition offset",
    "history",
    """
topic text: the topic of outcomes
partition int: its partition
offset int: the record's offset
at time: when the step was taken, wall clock, as the dispatcher says; 1970-01-01 of lost records
since int: T, event time in ns: up to there its model's panes were closed when it was read; the least int64: none was
id text: the event's id, made from trigger, target and state: told again it leaves no other row
trigger text: the trigger
target text: who acts on it
model text: the model
version text: the model's version
incident text: the incident; empty where none asked
state text: accepted, started, succeeded, failed, superseded or promoted; or lost, where the topic had forgotten records
external_id text: what the target calls the run
link text: where to look at it
why text: why it failed or was superseded; what was lost
""",
    time="at",
)
