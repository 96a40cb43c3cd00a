"""Every name that /metrics can say, declared once: rules and dashboards are tested against this table."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

Family = GaugeMetricFamily | CounterMetricFamily | HistogramMetricFamily


class Declared(Struct, frozen=True):
    """One metric family. A counter's samples carry the suffix `_total`, which is part of `name` here."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    labels: tuple[str, ...]
    doc: str

    def empty(self) -> Family:
        """The family without samples."""
        if self.kind == "counter":
            return CounterMetricFamily(self.name.removesuffix("_total"), self.doc, labels=self.labels)
        if self.kind == "histogram":
            return HistogramMetricFamily(self.name, self.doc, labels=self.labels)
        return GaugeMetricFamily(self.name, self.doc, labels=self.labels)


_WINDOW = "model version segment window"
_FEATURE = "model version feature window"
_METRIC = "model version metric window"
_PART = "model version segment metric window"
_GAP = "model version field metric window"


def _gauge(name: str, labels: str, doc: str) -> Declared:
    return Declared(f"driftline_{name}", "gauge", tuple(labels.split()), doc)


def _counter(name: str, labels: str, doc: str) -> Declared:
    return Declared(f"driftline_{name}_total", "counter", tuple(labels.split()), doc)


DRIFT_VALUE = _gauge("drift_value", "model version feature detector window", "How far a feature is from its reference.")
DRIFT_LIMIT = _gauge(
    "drift_limit", "model version feature detector window", "What the evidence of detector verdict may be."
)
DRIFT_VERDICT = _gauge("drift_verdict", _FEATURE, "1: drift, 0: ok, -1: unknown (too little to judge by).")

AGREEMENT = _gauge(
    "attribution_ndcg",
    "model version window",
    "How well the order of attributions agrees with the reference's, 0 to 1.",
)
AGREEMENT_VERDICT = _gauge(
    "attribution_verdict", "model version window", "1: surely below what is asked for, 0: ok, -1: unknown."
)

WINDOW_VERDICT = _gauge("window_verdict", _WINDOW, "The same over all features of the newest window.")
WINDOW_END = _gauge("window_end_timestamp_seconds", _WINDOW, "End of the newest window, event time.")
WINDOW_EVENTS = _gauge("window_events", _WINDOW, "Events in the newest window.")
WINDOW_DRIFTED = _gauge("window_drifted_ratio", "model version window", "Share of its judged features that drift.")

PERFORMANCE = _gauge(
    "performance", _METRIC, "How good a model was in the newest window with labels, as far as they say."
)
PERFORMANCE_LOW = _gauge("performance_low", _METRIC, "Where its 95 % interval begins.")
PERFORMANCE_HIGH = _gauge("performance_high", _METRIC, "Where its 95 % interval ends.")
PERFORMANCE_LIMIT = _gauge("performance_limit", _METRIC, "Beyond it a window of this size is surely worse.")
PERFORMANCE_VERDICT = _gauge("performance_verdict", _METRIC, "1: surely worse than at first, 0: well, -1: unknown.")
ESTIMATE = _gauge("performance_estimate", _METRIC, "How good it probably was in the newest window, before labels.")
ESTIMATE_LOW = _gauge("performance_estimate_low", _METRIC, "Where its 95 % interval begins.")
ESTIMATE_HIGH = _gauge("performance_estimate_high", _METRIC, "Where its 95 % interval ends.")
SEGMENT_ESTIMATE = _gauge(
    "segment_estimate", _PART, "How good it probably was in a segment of the newest window, before labels."
)
SEGMENT_ESTIMATE_LOW = _gauge("segment_estimate_low", _PART, "Where its 95 % interval begins.")
SEGMENT_ESTIMATE_HIGH = _gauge("segment_estimate_high", _PART, "Where its 95 % interval ends.")
COVERAGE = _gauge("label_coverage", "model version window", "Share of the window's predictions that have a label.")
REPEATS = _gauge(
    "prediction_repeats", "model version window", "Predictions of the window that repeat others: not in its coverage."
)

SERVICE = _gauge("service", _METRIC, "How a service answered in the newest window: ms, share of failures, events/s.")
SERVICE_LIMIT = _gauge("service_limit", _METRIC, "Beyond which it is surely worse; of traffic, below which.")
SERVICE_VERDICT = _gauge("service_verdict", _METRIC, "1: worse, 0: well, -1: unknown (too little to judge by).")

FAIRNESS = _gauge(
    "fairness_gap", _GAP, "How far groups of a field are treated apart in the newest window that says so."
)
FAIRNESS_LOW = _gauge("fairness_gap_low", _GAP, "Where its 95 % interval begins.")
FAIRNESS_HIGH = _gauge("fairness_gap_high", _GAP, "Where its 95 % interval ends.")
FAIRNESS_LIMIT = _gauge("fairness_gap_limit", _GAP, "What is tolerated: at most of a difference, at least of a ratio.")
FAIRNESS_VERDICT = _gauge(
    "fairness_verdict", _GAP, "1: surely beyond what is tolerated, 0: surely within, -1: unknown."
)

PROMISED = _gauge("false_triggers_promised", "model", "False triggers a month that it may have.")
EXPECTED = _gauge("false_triggers_expected", "model", "As many as its first panes give, judged by each other.")
INCIDENTS = _gauge("incidents_open", "model", "Incidents that are open.")
RUNNING = _gauge("runs_running", "target", "Runs that a target has started, and that have not ended.")
LEARNING = _gauge("learning_ratio", "model", "How much of its reference a model has learned, 0 to 1.")

EVENTS = _counter("events", "model", "Predictions and features counted in a closed pane.")
LATE = _counter("late_events", "model", "Events later than the lateness: counted, not summed.")
WAITING = _counter("waiting_events", "model", "Events of versions or segments that are not admitted yet.")
FOLDED = _counter("folded_events", "model segment", "Events whose value of a segment field is counted as (other).")
LABELS = _counter("labels", "model", "Label events.")
FATES = _counter("fates", "model fate", "What became of predictions and labels; the fates are columns of table met.")
REJECTED = _counter("rejected_events", "topic reason", "Events that could not be used.")
FINDINGS = _counter("findings", "model detector", "Judged facts that exceeded their limit.")
TRIGGERS = _counter("triggers", "model reason", "Requests to retrain.")
UNVERSIONED = _counter(
    "unversioned_triggers", "model", "Of these, those that could not say which data the reference is of."
)
CONTROLS = _counter("controls", "outcome", "Records of the control topic, by what became of them.")
HOOKS = _counter("hooks", "hook answer", "Calls of other systems since the start, by what they were answered.")
OUTCOMES = _counter("outcomes", "target state", "Steps of runs that triggers asked for, as dispatchers told them.")
TOOK = _counter("incident_seconds", "model phase", "Event time that incidents took to detect, acknowledge, recover.")
TAKEN = _counter("incident_phases", "model phase", "Incidents that were detected, acknowledged, recovered from.")

DURATION = Declared(
    "driftline_incident_duration_seconds", "histogram", ("phase",), "The same by duration, of all models together."
)

READY = _gauge("ready", "", "1 when the service reads and commits.")
REPLAYING = _gauge("replaying", "", "1 while old events are read again; inhibit alerts on models then.")
WATERMARK = _gauge("watermark_timestamp_seconds", "scope", "Up to where event time is complete.")
LAG = _gauge("consumer_lag_records", "topic partition", "Records between the position and the end of the partition.")
POSITION = _gauge("consumer_position_offset", "topic partition", "The next offset that is read.")
PAUSED = _gauge("partition_paused", "topic partition", "1 while a partition waits for the others.")
CLOCK = _gauge("partition_clock_timestamp_seconds", "topic partition", "Greatest event time read of a partition.")
KEPT = _gauge("partition_kept_timestamp_seconds", "topic partition", "When a Commit, or a sent Partial, last had it.")
REBALANCES = _counter("rebalances", "", "How often the group has shared out partitions to this worker.")
RECORDS = _counter("records_read", "", "Records of event topics that this worker has read.")
PARTIALS = _counter("partials_sent", "", "Partials that this worker has sent.")
PARTIAL_BYTES = _counter("partials_sent_bytes", "", "Their size, before compression.")
OUTBOX = _gauge("outbox_pending", "outbox", "Committed rows that no broker has confirmed yet.")
COMMIT_NUMBER = _gauge("commit_number", "", "Number of the newest Commit.")
COMMIT_SECONDS = _gauge("commit_seconds", "", "How long the newest Commit took.")
STORE_BYTES = _gauge("store_bytes", "", "Size of the store's file.")
MEMORY_BYTES = _gauge("memory_bytes", "", "Resident memory of the process.")
SERIES = _gauge("series_exported", "", "Series of models that are exported; bounded by http.series_max.")
DROPPED = _counter("series_dropped", "", "Series left out at a Commit, to stay below http.series_max.")
BUILD = _gauge("build_info", "version", "Always 1; the label says what runs.")

FAMILIES: Mapping[str, Declared] = {
    family.name: family
    for family in (
        DRIFT_VALUE,
        DRIFT_LIMIT,
        DRIFT_VERDICT,
        AGREEMENT,
        AGREEMENT_VERDICT,
        WINDOW_VERDICT,
        WINDOW_END,
        WINDOW_EVENTS,
        WINDOW_DRIFTED,
        PERFORMANCE,
        PERFORMANCE_LOW,
        PERFORMANCE_HIGH,
        PERFORMANCE_LIMIT,
        PERFORMANCE_VERDICT,
        ESTIMATE,
        ESTIMATE_LOW,
        ESTIMATE_HIGH,
        SEGMENT_ESTIMATE,
        SEGMENT_ESTIMATE_LOW,
        SEGMENT_ESTIMATE_HIGH,
        COVERAGE,
        REPEATS,
        SERVICE,
        SERVICE_LIMIT,
        SERVICE_VERDICT,
        FAIRNESS,
        FAIRNESS_LOW,
        FAIRNESS_HIGH,
        FAIRNESS_LIMIT,
        FAIRNESS_VERDICT,
        PROMISED,
        EXPECTED,
        INCIDENTS,
        RUNNING,
        LEARNING,
        EVENTS,
        LATE,
        WAITING,
        FOLDED,
        LABELS,
        FATES,
        REJECTED,
        FINDINGS,
        TRIGGERS,
        UNVERSIONED,
        CONTROLS,
        HOOKS,
        OUTCOMES,
        TOOK,
        TAKEN,
        DURATION,
        READY,
        REPLAYING,
        WATERMARK,
        LAG,
        POSITION,
        PAUSED,
        CLOCK,
        KEPT,
        REBALANCES,
        RECORDS,
        PARTIALS,
        PARTIAL_BYTES,
        OUTBOX,
        COMMIT_NUMBER,
        COMMIT_SECONDS,
        STORE_BYTES,
        MEMORY_BYTES,
        SERIES,
        DROPPED,
        BUILD,
    )
}
