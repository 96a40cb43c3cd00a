"""Writes dashboards/driftline.json: run it after a change here, and commit both."""  # noqa: INP001 - a script beside its product

import json
from pathlib import Path
from typing import Any

WIDTH = 24  # Grafana's columns
SOURCE = {"type": "prometheus", "uid": "prometheus"}
VERDICTS = {"-1": ("unknown", "#8e8e8e"), "0": ("ok", "#73bf69"), "1": ("drift", "#f2495c")}
READINESS = {"0": ("not ready", "#f2495c"), "1": ("ready", "#73bf69")}
MODEL = 'model="$model",version=~"$version"'
METRIC = f'{MODEL},metric="$metric",window="$window"'
FEATURE = f'{MODEL},feature="$feature",window="$window"'
VALUE = f'driftline_drift_value{{{MODEL},detector="verdict",window="$window"}}'
LIMIT = f'driftline_drift_limit{{{MODEL},detector="verdict",window="$window"}}'
WINDOWS = f'driftline_window_events{{{MODEL},window="$window"}}'


def panel(kind: str, title: str, width: int, *queries: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """One panel: `legend`, `unit`, `limit` (drawn in red), `verdicts` (words for numbers), `height` are optional.

    So is `dashed`, a pattern of the legends whose lines are thin and dashed.
    """
    return {"kind": kind, "title": title, "width": width, "queries": queries, **more}


FLEET = (
    panel("stat", "Ready", 3, "min(driftline_ready)", verdicts=READINESS),
    panel("stat", "Open incidents", 5, "count(max by (model) (driftline_incidents_open) > 0) or vector(0)", limit=1),
    panel("stat", "Still learning", 4, "count(max by (model) (driftline_learning_ratio) < 1) or vector(0)"),
    panel("stat", "Events per second", 4, "sum(rate(driftline_events_total[5m]))"),
    panel("stat", "Waiting to be read", 4, "sum(max by (topic, partition) (driftline_consumer_lag_records))"),
    panel("stat", "Triggers in 24 hours", 4, "round(sum(increase(driftline_triggers_total[24h]))) or vector(0)"),
    panel(
        "state-timeline",
        "Verdict of the newest window",
        16,
        'max by (model, window) (driftline_window_verdict{segment=""})',
        legend="{{model}} {{window}}",
        verdicts=VERDICTS,
        height=9,
    ),
    panel(
        "bargauge",
        "Share of features that drift",
        8,
        "sort_desc(max by (model) (driftline_window_drifted_ratio))",
        legend="{{model}}",
        unit="percentunit",
        limit=0.3,
        height=9,
    ),
)
ONE_MODEL = (
    panel(
        "bargauge",
        "Furthest beyond their limit",
        8,
        f"topk(10, max by (feature) ({VALUE} / {LIMIT}))",
        legend="{{feature}}",
        limit=1,
        height=9,
    ),
    panel(
        "timeseries",
        "Evidence of drift in units of its limit",
        16,
        f"{VALUE} / {LIMIT}",
        legend="{{feature}} {{version}}",
        limit=1,
        height=9,
    ),
    panel("timeseries", "Events per window", 8, WINDOWS, legend="{{version}} {{segment}}"),
    panel(
        "timeseries",
        "False triggers a month",
        8,
        'driftline_false_triggers_promised{model="$model"}',
        'driftline_false_triggers_expected{model="$model"}',
        legends=("promised", "expected by its first panes"),
    ),
    panel(
        "timeseries",
        "Late and waiting events per second",
        8,
        'rate(driftline_late_events_total{model="$model"}[5m])',
        'rate(driftline_waiting_events_total{model="$model"}[5m])',
        legends=("late", "waiting"),
    ),
)
LABELS = (
    panel(
        "timeseries",
        "$metric, its 95 % interval and its limit, newest window with labels",
        12,
        f"driftline_performance{{{METRIC}}}",
        f"driftline_performance_low{{{METRIC}}}",
        f"driftline_performance_high{{{METRIC}}}",
        f"driftline_performance_limit{{{METRIC}}}",
        legends=("{{version}}", "low {{version}}", "high {{version}}", "limit {{version}}"),
        dashed="^(low|high|limit) ",
        height=9,
    ),
    panel(
        "timeseries",
        "Share of its predictions that have a label",
        12,
        f'driftline_label_coverage{{{MODEL},window="$window"}}',
        legend="{{version}}",
        unit="percentunit",
        height=9,
    ),
    panel(
        "timeseries",
        "$metric before labels: estimated, with its 95 % interval, newest window",
        12,
        f"driftline_performance_estimate{{{METRIC}}}",
        f"driftline_performance_estimate_low{{{METRIC}}}",
        f"driftline_performance_estimate_high{{{METRIC}}}",
        legends=("{{version}}", "low {{version}}", "high {{version}}"),
        dashed="^(low|high) ",
        height=9,
    ),
    panel(
        "timeseries",
        "How far groups are treated apart, and what is tolerated",
        12,
        f'driftline_fairness_gap{{{MODEL},metric=~".*_difference",window="$window"}}',
        f'max by (version) (driftline_fairness_gap_limit{{{MODEL},metric=~".*_difference",window="$window"}})',
        legends=("{{field}} {{metric}} {{version}}", "tolerated {{version}}"),
        dashed="^tolerated ",
        height=9,
    ),
)
SERVICE = (
    panel(
        "timeseries",
        "Latency and its limits, newest window",
        8,
        f'driftline_service{{{MODEL},metric=~"latency_p.*",window="$window"}}',
        f'driftline_service_limit{{{MODEL},metric=~"latency_p.*",window="$window"}}',
        legends=("{{metric}} {{version}}", "limit {{metric}} {{version}}"),
        dashed="^limit ",
        unit="ms",
    ),
    panel(
        "timeseries",
        "Share of answers that failed, and its limit",
        8,
        f'driftline_service{{{MODEL},metric="error_rate",window="$window"}}',
        f'driftline_service_limit{{{MODEL},metric="error_rate",window="$window"}}',
        legends=("{{version}}", "limit {{version}}"),
        dashed="^limit ",
        unit="percentunit",
    ),
    panel(
        "timeseries",
        "Events per second of all versions, and the least that is usual",
        8,
        'driftline_service{model="$model",metric="traffic",window="$window"}',
        'driftline_service_limit{model="$model",metric="traffic",window="$window"}',
        legends=("traffic", "limit"),
        dashed="^limit",
    ),
)
ONE_FEATURE = (
    panel(
        "timeseries",
        "$feature: evidence and its limit",
        8,
        f'driftline_drift_value{{{FEATURE},detector="verdict"}}',
        f'driftline_drift_limit{{{FEATURE},detector="verdict"}}',
        legends=("{{version}}", "limit {{version}}"),
        dashed="^limit ",
        height=9,
    ),
    panel(
        "timeseries",
        "$feature: how large by $detector",
        8,
        f'driftline_drift_value{{{FEATURE},detector="$detector"}}',
        legend="{{version}}",
        height=9,
    ),
    panel(
        "state-timeline",
        "$feature: verdict",
        8,
        f"driftline_drift_verdict{{{FEATURE}}}",
        legend="{{version}}",
        verdicts=VERDICTS,
        height=9,
    ),
)
PIPELINE = (
    panel(
        "timeseries",
        "Behind the clock",
        8,
        "time() - driftline_watermark_timestamp_seconds",
        legend="{{scope}}",
        unit="s",
    ),
    panel(
        "timeseries",
        "Waiting to be read",
        8,
        "max by (topic, partition) (driftline_consumer_lag_records)",
        legend="{{topic}}-{{partition}}",
    ),
    panel(
        "timeseries",
        "Rejected events per second",
        8,
        "rate(driftline_rejected_events_total[5m])",
        legend="{{topic}} {{reason}}",
    ),
    panel("timeseries", "Commit", 6, "driftline_commit_seconds", legend="newest commit", unit="s"),
    panel("timeseries", "Waiting to be sent", 6, "driftline_outbox_pending", legend="{{outbox}}"),
    panel(
        "timeseries",
        "Store and memory",
        6,
        "driftline_store_bytes",
        "driftline_memory_bytes",
        legends=("store", "memory"),
        unit="bytes",
    ),
    panel(
        "timeseries",
        "Series",
        6,
        "driftline_series_exported",
        "60 * rate(driftline_series_dropped_total[5m])",
        legends=("exported", "left out per minute"),
    ),
)
# One row per level of the question: which model, what of it, which feature, and is the pipeline to blame.
ROWS = (
    ("Fleet", FLEET),
    ("Model: $model", ONE_MODEL),
    ("Labels: $model", LABELS),
    ("Service: $model", SERVICE),
    ("Feature: $feature", ONE_FEATURE),
    ("Pipeline", PIPELINE),
)
ABOUT = {  # what a panel's title cannot say; shown where one points at its corner
    "Ready": "Whether events are read, kept and told; the reason why not is at /health/ready.",
    "Open incidents": "Models with an incident that is open.",
    "Still learning": "Models whose reference is not complete yet: their windows are unknown until it is.",
    "Events per second": "Events that were counted, over five minutes of the clock.",
    "Waiting to be read": "Records between what was read and the end of their partition.",
    "Triggers in 24 hours": "Requests for a retraining. Prometheus infers them from a counter, so they are rounded.",
    "Verdict of the newest window": "Of each model and length of window, over all segments and features.",
    "Share of features that drift": "In the newest window that has them; red from where ModelDriftsWidely warns.",
    "Furthest beyond their limit": "Evidence in the newest window over its limit: from 1 on a feature has drifted.",
    "Evidence of drift in units of its limit": "How sure it is that a feature changed by more than is tolerated: "
    "above 1 it has drifted. How large the change is stands below, under Feature.",
    "Events per window": "With few events a verdict is unknown.",
    "False triggers a month": "How many a model may ask for on data that does not change, and how many its own panes, "
    "judged by each other, would have given.",
    "Late and waiting events per second": "Late: counted, but in no window. Waiting: too far ahead.",
    "$metric, its 95 % interval and its limit, newest window with labels": "Worse where the whole interval is beyond "
    "the limit.",
    "Share of its predictions that have a label": "Numbers are provisional until enough of them have one.",
    "$metric before labels: estimated, with its 95 % interval, newest window": "From scores or inputs alone.",
    "How far groups are treated apart, and what is tolerated": "The difference of rates between groups of a field.",
    "Latency and its limits, newest window": "Percentiles of what events say of themselves.",
    "Share of answers that failed, and its limit": "By the status that events say of themselves, in the newest window.",
    "Events per second of all versions, and the least that is usual": "Event time, in the newest window.",
    "$feature: evidence and its limit": "How sure it is that the feature changed by more than is tolerated.",
    "$feature: how large by $detector": "A distance from the reference. It decides nothing unless it has a limit.",
    "$feature: verdict": "What its evidence, or a limit of yours, came to in the newest window.",
    "Behind the clock": "How long ago the event time is up to which all has come. In a catch-up it falls.",
    "Rejected events per second": "What could not be read, by reason; each is on the topic of dead letters.",
    "Commit": "How long the newest transaction of the store took.",
    "Waiting to be sent": "Triggers and dead letters that no broker has confirmed.",
    "Store and memory": "The store's file with its log, and what the process has resident.",
    "Series": "Of /metrics, and those that are left out because there would be too many.",
}
VARIABLES = (
    ("model", "label_values(driftline_window_verdict, model)", False),
    ("version", 'label_values(driftline_window_verdict{model="$model"}, version)', True),
    ("window", 'label_values(driftline_window_verdict{model="$model"}, window)', False),
    ("detector", 'label_values(driftline_drift_value{model="$model",detector!="verdict"}, detector)', False),
    ("metric", 'label_values(driftline_performance{model="$model"}, metric)', False),
    ("feature", 'label_values(driftline_drift_verdict{model="$model"}, feature)', False),
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    return {
        "uid": "driftline",
        "title": "driftline",
        "tags": ["driftline"],
        "schemaVersion": 39,
        "timezone": "utc",
        "refresh": "15s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [
            {"title": "driftline's own page", "type": "link", "url": "http://localhost:8080/", "targetBlank": True}
        ],
        "annotations": {"list": [_triggers()]},
        "templating": {"list": [_variable(*each) for each in VARIABLES]},
        "panels": _panels(),
    }


def _panels() -> list[dict[str, Any]]:
    """All panels, laid out row by row from the left."""
    panels: list[dict[str, Any]] = []
    top = tallest = 0
    for title, row in ROWS:
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "gridPos": _at(0, top, WIDTH, 1)})
        left, top = 0, top + 1
        for each in row:
            height = each.get("height", 4 if each["kind"] == "stat" else 7)
            if left + each["width"] > WIDTH:
                left, top = 0, top + tallest
            panels.append(_panel(len(panels) + 1, each, _at(left, top, each["width"], height)))
            left, tallest = left + each["width"], height
        top += tallest
    return panels


def _panel(number: int, told: dict[str, Any], place: dict[str, int]) -> dict[str, Any]:
    legends = told.get("legends", [told.get("legend", "")] * len(told["queries"]))
    return {
        "id": number,
        "type": told["kind"],
        "title": told["title"],
        "description": ABOUT[told["title"]],
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [
            {"refId": chr(ord("A") + i), "expr": query, "legendFormat": legend, "datasource": SOURCE}
            for i, (query, legend) in enumerate(zip(told["queries"], legends, strict=True))
        ],
        "fieldConfig": {"defaults": _field(told), "overrides": _overrides(told)},
        "options": {"orientation": "horizontal"} if told["kind"] == "bargauge" else {},
    }


def _field(told: dict[str, Any]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if "limit" in told:
        steps.append({"color": "red", "value": told["limit"]})
    field: dict[str, Any] = {"unit": told.get("unit", "short"), "thresholds": {"mode": "absolute", "steps": steps}}
    if "limit" in told and told["kind"] == "timeseries":
        field["custom"] = {"thresholdsStyle": {"mode": "line"}}
    if "verdicts" in told:
        words = {value: {"text": word, "color": colour} for value, (word, colour) in told["verdicts"].items()}
        field["mappings"] = [{"type": "value", "options": words}]
    return field


def _overrides(told: dict[str, Any]) -> list[dict[str, Any]]:
    if "dashed" not in told:
        return []
    style = (
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 6]}},
        {"id": "custom.lineWidth", "value": 1},
    )
    return [{"matcher": {"id": "byRegexp", "options": f"/{told['dashed']}/"}, "properties": list(style)}]


def _variable(name: str, query: str, several: bool) -> dict[str, Any]:
    everything = {"includeAll": True, "multi": True, "current": {"text": "All", "value": "$__all"}} if several else {}
    return {"name": name, "type": "query", "datasource": SOURCE, "query": query, "refresh": 2, "sort": 1, **everything}


def _triggers() -> dict[str, Any]:
    """Marks when retraining was asked for."""
    return {
        "name": "Triggers",
        "enable": True,
        "datasource": SOURCE,
        "expr": 'increase(driftline_triggers_total{model="$model"}[1m]) > 0',
        "iconColor": "red",
        "titleFormat": "retraining of {{model}} requested",
    }


def _at(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


if __name__ == "__main__":
    path = Path(__file__).parent / "dashboards" / "driftline.json"
    path.write_text(json.dumps(dashboard(), indent=1) + "\n")
