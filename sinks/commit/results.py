"""The tables of what was seen and found: panes, windows, distances, findings, triggers, and what was refused."""

from sinks.commit.table import declare

_WINDOW = """
model text: the model
version text: the model's version
segment text: `field=value`, or empty for all events"""
_SPAN = """
start time: where it begins
end time: where it ends, exclusive"""

PANES = declare(
    "panes",
    "Exact integer summaries of closed panes, of all events and of each segment: windows are sums of these.",
    "model version end",
    "panes",
    f"""
model text: the model
version text: the model's version{_SPAN}
plan text: the plan whose grid it is counted in; empty while the model is being learned
events int: how many events
summary bytes: counts and sums of every segment and feature, as `detectors/packing.py` lays them out
""",
    time="end",
)
SPREADS = declare(
    "spreads",
    "How much more than independent draws a plan's panes vary, and what its verdicts promise and keep on them: a row "
    "when its first pane closes, one when all of them have been judged by the others, one at a close.",
    "model plan state",
    "always",
    """
model text: the model
plan text: the plan in whose cells it was counted
state text: begun or over
end time: the end of the pane
spread bytes: what 60 panes taught, as `detectors/verdict/spread.py` packs it; empty where they never came
promised float: false triggers a month that the model may have
expected float: as many as these panes let expect: `promised`, times `alarms` by a hundredth of `verdicts`
verdicts int: of each of these panes against the others
alarms int: those with a p-value of at most 0.01
""",
)
TRAFFIC = declare(
    "traffic",
    "What passed in each pane of a model, and what could not be counted.",
    "model end",
    "history",
    f"""
model text: the model{_SPAN}
events int: predictions and features counted in the pane
late int: events later than the lateness, by the pane of their partition's clock
waiting int: events of a model that was not admitted yet
""",
    time="end",
)
FOLDED = declare(
    "folded",
    "Events whose value of a segment field is not told apart: `(other)`. A row per pane and field that has any.",
    "model version segment end",
    "history",
    f"""
model text: the model
version text: the model's version
segment text: the field, or the crossed ones{_SPAN}
events int: how many
of int: of all events of the pane and version
""",
    time="end",
)
LABELS = declare(
    "labels",
    "Label events per model and pane.",
    "model end",
    "history",
    f"""
model text: the model{_SPAN}
labels int: how many label events
""",
    time="end",
)
REJECTED = declare(
    "rejected",
    "Events that could not be used, by reason, in the pane of their partition's clock.",
    "topic partition end reason",
    "history",
    """
topic text: the event topic
partition int: its partition
end time: the end of that pane
reason text: why, one word of a fixed list
events int: how many
""",
    time="end",
)
UNWATCHED = declare(
    "unwatched",
    "Fields that a model's events carry and that are not counted: misspelt, or new. A row per pane that has any.",
    "model end",
    "panes",
    f"""
model text: the model{_SPAN}
looked_at int: events that were looked at: one in 256, by the hash of their position
fields text: how many of them carry each field; JSON
""",
    time="end",
)
WINDOWS = declare(
    "windows",
    "Closed windows: how many events, against which reference, and the verdict over all features.",
    "model version segment length end",
    "history",
    f"""{_WINDOW}
length int: the window's length, ns{_SPAN}
plan text: the plan of all its panes; empty where they differ
reference text: provenance of the reference it was compared with
events int: how many events
complete bool: false where part of the log was lost
verdict text: ok, drift or unknown
why text: what made it unknown, or empty
assumes text: what its verdicts take for granted: `independent events` until enough panes were seen; or empty
""",
    time="end",
)
DRIFT = declare(
    "distances",
    "Every feature of every judged window: its summary, how sure a change is and how large, the verdict. "
    "Of segments only what is a finding; the verdict over a segment is in `windows`.",
    "model version segment feature length end",
    "history",
    f"""{_WINDOW}
feature text: the feature
length int: the window's length, ns{_SPAN}
n int: events that carry the feature's cell
n_reference int: the reference's
missing float: share of missing values
odd float: share of values not seen in the reference: other categories, or numbers that are not finite
wrong_type float: share of values of another type
mean float: mean of a numeric feature, in its unit
deviation float: standard deviation
clamped float: share of values too large for the fixed-point sums; above 0.0001 the mean is a lower bound
p float: the chance of a change as great where nothing changed by more than is tolerated: what the verdict goes by
evidence float: the same as a normal deviate, two-sided: 3 is as rare as three standard errors
evidence_limit float: what the model's budget of false triggers asks for; above, it has drifted
psi float: population stability index
jensen_shannon float: Jensen-Shannon distance, base 2, 0 to 1
kolmogorov_smirnov float: largest gap between the cumulative shares; nan for categories
verdict text: ok, drift or unknown
""",
    time="end",
)
EFFECTS = declare(
    "effects",
    "Other distances of the series in `distances`: those that `drift.measures` names. They say how large a change is, "
    "and judge nothing.",
    "model version segment feature length end measure",
    "history",
    f"""{_WINDOW}
feature text: the feature
length int: the window's length, ns{_SPAN}
measure text: the distance, as docs/detectors.md names it
value float: what it is; there is no row where it is not defined
""",
    time="end",
)
FINDINGS = declare(
    "findings",
    "Series of windows that are over a limit: one row each, by the detector that is the furthest over its own.",
    "id",
    "history",
    f"""
id text: content hash of what it is about{_WINDOW}
feature text: the feature
length int: the window's length, ns; a pane's for sequential detectors{_SPAN}
detector text: a distance, a sequential detector, or service, performance, estimate, weakest, fairness, labels
value float: what was measured; of detector verdict the evidence, as in `distances`
limit float: what it may be
n int: the window's sample size for this feature
cells text: the cells that contributed most, and the others as one: name, share then and now, part of psi; JSON
words text: the same as a sentence
incident text: the incident it belongs to, or empty
began time: start of the pane in which the change probably began; 1970-01-01 where that is not known
began_earliest time: start of the first pane in which it may have begun, nine times of ten
began_latest time: start of the last one
cause text: broken pipeline, changed world or both; empty where no cells were compared
""",
    time="end",
)
INCIDENTS = declare(
    "incidents",
    "Findings of one model that belong together: a row when it opens, when it becomes more severe or asks late, "
    "when somebody knows of it, and when it closes.",
    "id at state",
    "history",
    """
id text: content hash
model text: the model
version text: the model's version
state text: opened, updated, acknowledged or closed
at time: when: the end of the window that did it, or the step of labels; T of a control that did
feature text: the feature that opened it
detector text: the detector that opened it
kind text: of which kind that finding was, as docs/policy.md names them
rule text: the rule of the policy that it stands on
severity text: warning or critical
why text: why it has not asked for a retraining: no trigger, cooldown, or what was announced; empty where it has
began time: start of the pane in which the change probably began; 1970-01-01 where that is not known
""",
    time="at",
)
TRIGGERS = declare(
    "triggers",
    "Requests to retrain: the outbox of the trigger topic.",
    "id",
    "history",
    """
id text: content hash, the same in every run
model text: the model
version text: the model's version
reason text: drift, performance, schedule or manual; also fairness, service, labels or chosen where a rule asks
at time: the end of the window, or the step of labels, that asked; of a schedule its instant
incident text: the incident; empty for schedules, and where somebody asks without one
body bytes: the CloudEvents 1.0 message, JSON
""",
    time="at",
)
DEAD_LETTERS = declare(
    "dead_letters",
    "Rejected records with their reason: the outbox of the dead-letter topic.",
    "topic partition offset row",
    "panes",
    """
topic text: the event topic
partition int: its partition
offset int: the record's offset
row int: its row inside the record
at time: the clock of its partition when it was read
reason text: why, one word of a fixed list
detail text: why, for a person
payload bytes: the record's value, its first 1,024 bytes
""",
    time="at",
)
