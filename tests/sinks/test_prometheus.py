"""/metrics shows what the newest Commits said, within its budget, and counts what it leaves out."""

from time import perf_counter

import numpy as np
import pytest
from msgspec.structs import replace

from detectors.fairness import DIFFERENCES, RATIOS
from sinks.commit import (
    DRIFT,
    ESTIMATES,
    FOLDED,
    INCIDENTS,
    MET,
    OUTCOMES,
    PERFORMANCE,
    REJECTED,
    SERVICE,
    SPREADS,
    TRAFFIC,
    TRIGGERS,
    WINDOWS,
    Columns,
    Commit,
    Table,
    columns,
)
from sinks.prometheus import FAMILIES, GAPS, Exporter, Exposition, Gathered, Live, Partition, Vitals, of_vitals
from sinks.prometheus.exporter import length_name
from sinks.prometheus.exposition import LABEL_MAX
from sinks.prometheus.phases import BOUNDS, PHASES
from sinks.prometheus.windows import SEGMENTS_MAX, VERSIONS_MAX, newest_distances

MINUTE = 60_000_000_000
NOON = np.datetime64("2026-11-20T12:00:00", "us")
HALF_AN_HOUR = np.timedelta64(30, "m")
RUN = ({"state": "accepted"}, {"state": "started"})
VALUES = {"float": np.nan, "int": 0, "bool": True, "time": NOON, "text": "", "bytes": b""}
VITALS = Vitals(
    True,
    (("service", 1_795_176_000_000_000_000),),
    (
        Partition("predictions", 0, 12),
        Partition("predictions", 1, 0, paused=True, position=7, clock_ns=1_795_176_060_000_000_000, kept_s=1.795e9),
    ),
    157_286_400,
)
LIVE = Live(
    VITALS,
    learning=(("pricing", 0.375),),
    outbox=(("triggers", 1), ("dead_letters", 0)),
    commit_number=1,
    commit_seconds=0.012,
    store_bytes=1_048_576,
)
GOLDEN = """\
driftline_drift_value{detector="verdict",feature="amount",model="fraud",version="3",window="5m"} 9.5
driftline_drift_value{detector="psi",feature="amount",model="fraud",version="3",window="5m"} 2.5
driftline_drift_limit{detector="verdict",feature="amount",model="fraud",version="3",window="5m"} 4.25
driftline_drift_verdict{feature="amount",model="fraud",version="3",window="5m"} 1.0
driftline_drift_verdict{feature="age",model="fraud",version="3",window="5m"} -1.0
driftline_window_verdict{model="fraud",segment="",version="3",window="5m"} 1.0
driftline_window_end_timestamp_seconds{model="fraud",segment="",version="3",window="5m"} 1.795176e+09
driftline_window_events{model="fraud",segment="",version="3",window="5m"} 400.0
driftline_window_drifted_ratio{model="fraud",version="3",window="5m"} 1.0
driftline_performance{metric="accuracy",model="fraud",version="3",window="5m"} 0.9
driftline_performance{metric="roc_auc",model="fraud",version="3",window="5m"} 0.95
driftline_performance_low{metric="accuracy",model="fraud",version="3",window="5m"} 0.875
driftline_performance_high{metric="accuracy",model="fraud",version="3",window="5m"} 0.925
driftline_performance_limit{metric="accuracy",model="fraud",version="3",window="5m"} 0.85
driftline_performance_verdict{metric="accuracy",model="fraud",version="3",window="5m"} 0.0
driftline_label_coverage{model="fraud",version="3",window="5m"} 0.85
driftline_prediction_repeats{model="fraud",version="3",window="5m"} 4.0
driftline_false_triggers_promised{model="fraud"} 1.0
driftline_false_triggers_expected{model="fraud"} 0.5
driftline_incidents_open{model="fraud"} 1.0
driftline_runs_running{target="airflow"} 1.0
driftline_learning_ratio{model="pricing"} 0.375
driftline_events_total{model="fraud"} 400.0
driftline_late_events_total{model="fraud"} 3.0
driftline_waiting_events_total{model="fraud"} 0.0
driftline_fates_total{fate="again",model="fraud"} 0.0
driftline_fates_total{fate="corrected",model="fraud"} 4.0
driftline_fates_total{fate="late",model="fraud"} 1.0
driftline_fates_total{fate="orphans",model="fraud"} 5.0
driftline_fates_total{fate="pairs",model="fraud"} 340.0
driftline_fates_total{fate="predictions",model="fraud"} 400.0
driftline_fates_total{fate="repeats",model="fraud"} 0.0
driftline_fates_total{fate="retracted",model="fraud"} 0.0
driftline_fates_total{fate="unsampled",model="fraud"} 0.0
driftline_fates_total{fate="unusable",model="fraud"} 0.0
driftline_rejected_events_total{reason="json",topic="predictions"} 2.0
driftline_triggers_total{model="fraud",reason="drift"} 1.0
driftline_unversioned_triggers_total{model="fraud"} 0.0
driftline_outcomes_total{state="accepted",target="airflow"} 1.0
driftline_outcomes_total{state="started",target="airflow"} 1.0
driftline_incident_seconds_total{model="fraud",phase="detect"} 1800.0
driftline_incident_phases_total{model="fraud",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="60.0",phase="detect"} 0.0
driftline_incident_duration_seconds_bucket{le="300.0",phase="detect"} 0.0
driftline_incident_duration_seconds_bucket{le="900.0",phase="detect"} 0.0
driftline_incident_duration_seconds_bucket{le="3600.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="10800.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="21600.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="43200.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="86400.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="259200.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="604800.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="2592000.0",phase="detect"} 1.0
driftline_incident_duration_seconds_bucket{le="+Inf",phase="detect"} 1.0
driftline_incident_duration_seconds_count{phase="detect"} 1.0
driftline_incident_duration_seconds_sum{phase="detect"} 1800.0
driftline_incident_duration_seconds_bucket{le="60.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="300.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="900.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="3600.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="10800.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="21600.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="43200.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="86400.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="259200.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="604800.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="2592000.0",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="+Inf",phase="acknowledge"} 0.0
driftline_incident_duration_seconds_count{phase="acknowledge"} 0.0
driftline_incident_duration_seconds_sum{phase="acknowledge"} 0.0
driftline_incident_duration_seconds_bucket{le="60.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="300.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="900.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="3600.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="10800.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="21600.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="43200.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="86400.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="259200.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="604800.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="2592000.0",phase="recover"} 0.0
driftline_incident_duration_seconds_bucket{le="+Inf",phase="recover"} 0.0
driftline_incident_duration_seconds_count{phase="recover"} 0.0
driftline_incident_duration_seconds_sum{phase="recover"} 0.0
driftline_ready 1.0
driftline_replaying 0.0
driftline_watermark_timestamp_seconds{scope="service"} 1.795176e+09
driftline_consumer_lag_records{partition="0",topic="predictions"} 12.0
driftline_consumer_lag_records{partition="1",topic="predictions"} 0.0
driftline_consumer_position_offset{partition="0",topic="predictions"} 0.0
driftline_consumer_position_offset{partition="1",topic="predictions"} 7.0
driftline_partition_paused{partition="0",topic="predictions"} 0.0
driftline_partition_paused{partition="1",topic="predictions"} 1.0
driftline_partition_clock_timestamp_seconds{partition="1",topic="predictions"} 1.79517606e+09
driftline_partition_kept_timestamp_seconds{partition="1",topic="predictions"} 1.795e+09
driftline_outbox_pending{outbox="triggers"} 1.0
driftline_outbox_pending{outbox="dead_letters"} 0.0
driftline_commit_number 1.0
driftline_commit_seconds 0.012
driftline_store_bytes 1.048576e+06
driftline_memory_bytes 1.572864e+08
driftline_series_exported 17.0
driftline_series_dropped_total 0.0
driftline_build_info{version="1.2.3"} 1.0
"""


def rows(table: Table, *told: dict[str, object]) -> Columns:
    """Rows that say only what a test is about."""
    return columns(table, {c.name: [row.get(c.name, VALUES[c.kind]) for row in told] for c in table.columns})


def window(model: str, **told: object) -> dict[str, object]:
    """A 5-minute window of a model's version 3, which drifts."""
    return {"model": model, "version": "3", "length": 5 * MINUTE, "end": NOON, "verdict": "drift", **told}


def test_no_evidence_is_nought_and_not_below() -> None:
    """A p-value of 1 is the deviate -0.0."""
    (found,) = newest_distances(rows(DRIFT, window("fraud", feature="age", evidence=-0.0))).values()
    assert not np.signbit(found.values).any()


def number(metric: str, value: float, **told: object) -> dict[str, object]:
    """How good the model of `window` was in it, by one metric, with 85 of 100 labels."""
    return window("fraud", metric=metric, value=value, step=NOON, predicted=100, repeats=4, labelled=85) | told


def story() -> Commit:
    """One Commit with something in each table that is shown."""
    drift = {"feature": "amount", "evidence": 9.5, "evidence_limit": 4.25, "psi": 2.5}
    tables = {
        "windows": rows(WINDOWS, window("fraud", events=400)),
        "distances": rows(DRIFT, window("fraud", **drift), window("fraud", feature="age", verdict="unknown")),
        "performance": rows(
            PERFORMANCE,
            number("accuracy", 0.9, low=0.875, high=0.925, limit=0.85, verdict="well"),
            number("roc_auc", 0.95),
            number("log_loss", 0.2),
            number("accuracy", 0.5, segment="country=FR", predicted=-1),
        ),
        "met": rows(MET, {"model": "fraud", "predictions": 400, "pairs": 340, "corrected": 4, "late": 1, "orphans": 5}),
        "traffic": rows(TRAFFIC, {"model": "fraud", "events": 400, "late": 3}),
        "rejected": rows(REJECTED, {"topic": "predictions", "reason": "json", "events": 2}),
        "incidents": rows(INCIDENTS, {"id": "41f0", "model": "fraud", "state": "opened", "began": NOON - HALF_AN_HOUR}),
        "outcomes": rows(OUTCOMES, *(run | {"trigger": "9f2c", "target": "airflow"} for run in RUN)),
        "spreads": rows(
            SPREADS,
            {"model": "fraud", "state": "begun"},
            {"model": "fraud", "state": "over", "promised": 1.0, "expected": 0.5, "verdicts": 600, "alarms": 3},
        ),
        "triggers": rows(TRIGGERS, {"id": "9f2c", "model": "fraud", "reason": "drift"}),
    }
    return Commit(1, tables)


def many(models: int, features: int) -> Commit:
    """A window per model, whose features are the further beyond their limit the lower their number."""
    windows = [window(f"m{i:03}") for i in range(models)]
    facts = [
        {**each, "feature": f"f{j:03}", **dict.fromkeys(DETECTORS, 1.0 / (1 + j))}
        | {"evidence": 2.0 / (1 + j), "evidence_limit": 1.0}
        for each in windows
        for j in range(features)
    ]
    numbers = [number(metric, 0.9, low=0.8, high=1.0) | each for each in windows for metric in ("accuracy", "recall")]
    tables = {"windows": rows(WINDOWS, *windows), "distances": rows(DRIFT, *facts)}
    return Commit(1, {**tables, "performance": rows(PERFORMANCE, *numbers)})


DETECTORS = ("psi", "jensen_shannon", "kolmogorov_smirnov")


def samples(exporter: Exporter | Exposition, start: str = "driftline_") -> list[str]:
    """The exposition's samples that begin so."""
    return [line for line in exporter.text().decode().splitlines() if line.startswith(start)]


def shown(commit: Commit, series_max: int = 50_000) -> Exporter:
    """An exporter that has seen one Commit."""
    exporter = Exporter(series_max=series_max)
    exporter.show(commit)
    return exporter


def test_the_exposition_is_the_golden_one() -> None:
    """Every name, label and value, in the order of the table."""
    exporter = Exporter(lambda: LIVE, version="1.2.3")
    exporter.show(story())
    assert GOLDEN.splitlines() == samples(exporter)


def test_a_worker_says_how_it_reads_and_nothing_of_models() -> None:
    """Its vitals and what it has gathered; what only a service knows has no samples."""
    gathered = replace(VITALS, gathered=Gathered(rebalances=2, records=700, partials=3, partial_bytes=4_096))
    told = samples(Exposition(lambda: of_vitals(gathered), "1.2.3"))
    vital = ("ready", "watermark", "consumer", "partition", "memory", "build")
    shared = [line for line in GOLDEN.splitlines() if line.split("_")[1].split("{")[0].split()[0] in vital]
    done = {
        "driftline_rebalances_total 2.0",
        "driftline_records_read_total 700.0",
        "driftline_partials_sent_total 3.0",
        "driftline_partials_sent_bytes_total 4096.0",
    }
    assert (done, shared) == (set(told) - set(shared), [line for line in told if line not in done])


def test_showing_a_commit_twice_changes_nothing() -> None:
    """A Commit that is shown again after a crash is not counted again."""
    once, twice = shown(story()), shown(story())
    twice.show(story())
    assert once.text() == twice.text()


def test_counters_add_up_over_commits() -> None:
    """Each Commit adds what passed in it."""
    exporter = shown(story())
    exporter.show(Commit(2, {"traffic": rows(TRAFFIC, {"model": "fraud", "events": 100, "late": 1})}))
    totals = [line.split()[1] for name in ("events", "late_events") for line in samples(exporter, f"driftline_{name}_")]
    assert totals == ["500.0", "4.0"]


def test_what_is_folded_into_other_values_adds_up_by_field() -> None:
    """Of all versions together."""
    exporter, told = Exporter(), {"model": "fraud", "segment": "site x country", "events": 7}
    exporter.show(Commit(1, {"folded": rows(FOLDED, {**told, "version": "1"}, {**told, "version": "2", "events": 2})}))
    exporter.show(Commit(2, {"folded": rows(FOLDED, told)}))
    expected = 'driftline_folded_events_total{model="fraud",segment="site x country"} 16.0'
    assert [expected] == samples(exporter, "driftline_folded_events_total")


def test_a_closed_incident_is_no_longer_open() -> None:
    """Closing takes it away; the model stays, with none."""
    exporter = shown(story())
    exporter.show(Commit(2, {"incidents": rows(INCIDENTS, {"id": "41f0", "model": "fraud", "state": "closed"})}))
    assert samples(exporter, "driftline_incidents_open{") == ['driftline_incidents_open{model="fraud"} 0.0']


def test_an_incident_says_how_long_it_took() -> None:
    """Of what the store had at a start only what comes after it."""
    told = [
        {"state": "acknowledged", "at": NOON + HALF_AN_HOUR},
        {"state": "closed", "at": NOON + 2 * HALF_AN_HOUR},
        {"state": "opened", "id": "1"},
    ]
    more = Commit(2, {"incidents": rows(INCIDENTS, *({"id": "41f0", "model": "fraud"} | one for one in told))})
    exporter = shown(story())
    exporter.show(more)
    taken = [f'driftline_incident_phases_total{{model="fraud",phase="{p}"}} 1.0' for p in ("acknowledge", "recover")]
    took = [
        f'driftline_incident_seconds_total{{model="fraud",phase="{phase}"}} {seconds}'
        for phase, seconds in (("acknowledge", "1800.0"), ("recover", "3600.0"))
    ]
    assert {*taken, *took} <= set(samples(exporter, "driftline_incident_"))
    assert [] == samples(shown(more), "driftline_incident_phases")


def test_incidents_are_counted_by_how_long_they_took() -> None:
    """Of all models together: a few samples, however many models there are; none is born as 1."""
    exporter = shown(story())
    before = samples(exporter, "driftline_incident_duration_seconds")
    opened = [{"model": f"m{n}", "id": f"{n}", "state": "opened", "began": NOON - HALF_AN_HOUR} for n in range(50)]
    exporter.show(Commit(2, {"incidents": rows(INCIDENTS, *opened)}))
    closed = [{"model": f"m{n}", "id": f"{n}", "state": "closed", "at": NOON + n * HALF_AN_HOUR} for n in range(50)]
    exporter.show(Commit(3, {"incidents": rows(INCIDENTS, *closed)}))
    after = samples(exporter, "driftline_incident_duration_seconds")
    assert len(PHASES) * (len(BOUNDS) + 3) == len(before) == len(after)
    name = "driftline_incident_duration_seconds"
    assert {
        f'{name}_bucket{{le="900.0",phase="detect"}} 0.0',
        f'{name}_bucket{{le="3600.0",phase="detect"}} 51.0',
        f'{name}_bucket{{le="3600.0",phase="recover"}} 3.0',
        f'{name}_bucket{{le="+Inf",phase="recover"}} 50.0',
        f'{name}_count{{phase="recover"}} 50.0',
        f'{name}_sum{{phase="recover"}} {sum(range(50)) * 1_800 / 1e6:.4f}e+06'.replace("0e+06", "e+06"),
        f'{name}_count{{phase="acknowledge"}} 0.0',
    } <= set(after)


def test_a_run_that_has_ended_runs_no_more() -> None:
    """Whatever comes late; targets that somebody invents are bounded."""
    exporter = shown(story())
    for number, states in enumerate((("failed", "started"), ("accepted",)), 2):
        steps = ({"trigger": "9f2c", "target": "airflow", "state": state} for state in states)
        exporter.show(Commit(number, {"outcomes": rows(OUTCOMES, *steps)}))
    assert ['driftline_runs_running{target="airflow"} 0.0'] == samples(exporter, "driftline_runs_running")
    invented = ({"trigger": f"{n}", "target": f"{n}", "state": "started"} for n in range(80))
    exporter.show(Commit(4, {"outcomes": rows(OUTCOMES, *invented)}))
    assert 51 == len(samples(exporter, "driftline_runs_running"))


def test_a_late_window_does_not_replace_a_newer_one() -> None:
    """Of several windows in one Commit the last one is shown, whatever their order."""
    ends = [NOON + np.timedelta64(5 * i, "m") for i in (1, 2, 0)]
    told = [window("fraud", end=end, events=i) for i, end in enumerate(ends)]
    exporter = shown(Commit(1, {"windows": rows(WINDOWS, *told)}))
    assert [f"driftline_window_events{{{LABELS}}} 1.0"] == samples(exporter, "driftline_window_events{")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([{"step": 2, "value": 0.7}], 0.7),
        ([{"step": -1, "value": 0.7}], 0.9),
        ([{"end": -1, "step": 2, "value": 0.7}], 0.9),
        ([{"end": 1, "step": 3, "value": 0.6}, {"end": 1, "step": 2, "value": 0.7}], 0.6),
    ],
)
def test_of_a_window_the_newest_revision_is_shown(told: list[dict[str, float]], expected: float) -> None:
    """In whatever order they come; a revision of an older window replaces nothing."""
    exporter = shown(story())
    late = [
        number("accuracy", 0.0)
        | {name: value if name == "value" else NOON + np.timedelta64(5 * value, "m") for name, value in each.items()}
        for each in told
    ]
    exporter.show(Commit(2, {"performance": rows(PERFORMANCE, *late)}))
    (line,) = samples(exporter, 'driftline_performance{metric="accuracy"')
    assert line.endswith(f" {expected}")


def test_a_metric_that_is_not_told_again_is_gone() -> None:
    """Of a newer window only what was told of it is shown."""
    exporter = shown(story())
    newer = {"end": NOON + np.timedelta64(5, "m"), "step": NOON + np.timedelta64(5, "m")}
    exporter.show(Commit(2, {"performance": rows(PERFORMANCE, number("accuracy", 0.9) | newer)}))
    assert [] == samples(exporter, 'driftline_performance{metric="roc_auc"')


def test_performance_comes_before_the_features() -> None:
    """Where the budget is short, how good a model is matters more than how far its features are."""
    lines = samples(shown(many(models=3, features=10), series_max=3 * (4 + 8)))
    kinds = [
        sum(line.startswith(f"driftline_{kind}") for line in lines) for kind in ("performance", "label_", "drift_")
    ]
    assert kinds == [3 * 6, 3, 0]


LABELS = 'model="fraud",segment="",version="3",window="5m"'


def test_the_first_trigger_is_an_increase() -> None:
    """The counter stands at 0 before it, else Prometheus would see no increase."""
    name = "driftline_triggers_total{"
    exporter = shown(Commit(1, {"windows": rows(WINDOWS, window("fraud"))}))
    assert [f'{name}model="fraud",reason="drift"}} 0.0'] == samples(exporter, name)


def test_only_the_newest_versions_are_shown() -> None:
    """A model that is released every day does not fill Prometheus."""
    told = [window("fraud", version=str(i), end=NOON + np.timedelta64(i, "m")) for i in range(VERSIONS_MAX + 4)]
    lines = samples(shown(Commit(1, {"windows": rows(WINDOWS, *told)})), "driftline_window_verdict{")
    assert [f'version="{i}"' in line for i, line in zip((4, 5, 6), lines, strict=True)] == [True] * VERSIONS_MAX


@pytest.mark.parametrize(("n", "expected"), [(SEGMENTS_MAX, SEGMENTS_MAX + 1), (SEGMENTS_MAX + 1, 1)])
def test_segments_are_shown_only_where_they_are_few(n: int, expected: int) -> None:
    """Ten countries are a graph, two hundred are a bill."""
    told = [window("fraud", segment=f"country={i}" if i else "") for i in range(n + 1)]
    assert expected == len(samples(shown(Commit(1, {"windows": rows(WINDOWS, *told)})), "driftline_window_verdict{"))


@pytest.mark.parametrize(("n", "expected"), [(SEGMENTS_MAX, 3 * SEGMENTS_MAX), (SEGMENTS_MAX + 1, 0)])
def test_estimates_of_segments_are_shown_where_their_windows_are(n: int, expected: int) -> None:
    """Under a name of their own, so that what asks for the whole gets the whole; each has an interval."""
    names = [f"country={i}" if i else "" for i in range(n + 1)]
    about = {"metric": "accuracy", "value": 0.75, "low": 0.7, "high": 0.8}
    tables = {
        "windows": rows(WINDOWS, *(window("fraud", segment=name) for name in names)),
        "estimates": rows(ESTIMATES, *(window("fraud", segment=name, **about) for name in names)),
    }
    exporter = shown(Commit(1, tables))
    assert len(samples(exporter, "driftline_performance_estimate")) == 3
    told = samples(exporter, "driftline_segment_estimate")
    assert len(told) == expected
    line = (
        'driftline_segment_estimate{metric="accuracy",model="fraud",segment="country=1",version="3",window="5m"} 0.75'
    )
    assert (line in told) == bool(expected)


@pytest.mark.parametrize("series_max", [0, 3, 50, 1_000, 5_000])
def test_the_budget_is_kept_and_what_is_left_out_is_counted(series_max: int) -> None:
    """Shown and dropped together are everything, and the shown ones fit."""
    exporter = shown(many(models=10, features=40), series_max)
    lines = [
        line
        for kind in ("drift_", "window_", "performance", "label_", "prediction_")
        for line in samples(exporter, f"driftline_{kind}")
    ]
    exported, dropped = (
        int(float(samples(exporter, f"driftline_series_{name} ")[0].split()[1]))
        for name in ("exported", "dropped_total")
    )
    assert (True, exported, 10 * (4 + 8 + 40 * 6)) == (exported <= series_max, len(lines), exported + dropped)


def test_the_worst_features_of_every_model_are_kept() -> None:
    """The budget goes round the models, so that a loud one does not silence the others."""
    exporter = shown(many(models=3, features=10), series_max=3 * (4 + 8) + 6 * 6)
    kept = [line.split("{")[1].split(",version")[0] for line in samples(exporter, "driftline_drift_verdict{")]
    assert [f'feature="f{j:03}",model="m{i:03}"' for i in range(3) for j in range(2)] == kept


def test_labels_are_bounded_and_stay_distinct() -> None:
    """A name of a megabyte is cut, and two such names remain two series."""
    names = ["x" * 10_000 + end for end in "ab"]
    exporter = shown(Commit(1, {"windows": rows(WINDOWS, *(window(name) for name in names))}))
    labels = [line.split('"')[1] for line in samples(exporter, "driftline_window_verdict{")]
    assert ([len(label) for label in labels], len(set(labels))) == ([LABEL_MAX] * 2, 2)


def test_every_sample_is_declared() -> None:
    """What the table does not name is never said, and all that it names has a type and a sentence."""
    text = shown(story()).text().decode()
    declared = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    assert set(FAMILIES) == declared


@pytest.mark.parametrize(
    ("length", "name"), [(5 * MINUTE, "5m"), (60 * MINUTE, "1h"), (1_440 * MINUTE, "1d"), (90 * MINUTE, "90m")]
)
def test_lengths_are_named_as_in_the_configuration(length: int, name: str) -> None:
    """The label says what the file says."""
    assert name == length_name(length)


def test_twelve_thousand_series_render_well_below_a_second() -> None:
    """A scrape takes a fraction of its interval, even at the size of a large service."""
    exporter = shown(many(models=50, features=40))
    start = perf_counter()
    lines = samples(exporter)
    elapsed_seconds = perf_counter() - start
    assert (len(lines) > 12_000, elapsed_seconds < 0.9) == (True, True), elapsed_seconds


def answered(metric: str, value: float, **told: object) -> dict[str, object]:
    """One number of the service of the model of `window`."""
    return window("fraud", metric=metric, value=value, verdict="well") | told


def test_the_newest_window_says_how_the_service_answered() -> None:
    """With its limit where there is one; older windows that come later change nothing."""
    exporter = Exporter()
    exporter.show(story())
    told = (
        answered("latency_p95", 31.5, limit=40.0, verdict="worse"),
        answered("error_rate", 0.25, limit=float("nan"), verdict="unknown"),
        answered("traffic", 2.5, limit=1.0, version=""),
    )
    exporter.show(Commit(2, {"service": rows(SERVICE, *told)}))
    older = answered("latency_p95", 9.0, end=NOON - np.timedelta64(5, "m"))
    exporter.show(Commit(3, {"service": rows(SERVICE, older)}))
    labels = '{metric="latency_p95",model="fraud",version="3",window="5m"}'
    assert [f"driftline_service_limit{labels} 40.0"] == samples(exporter, 'driftline_service_limit{metric="latency')
    assert [f"driftline_service_verdict{labels} 1.0"] == samples(exporter, 'driftline_service_verdict{metric="lat')
    assert 3 == len(samples(exporter, "driftline_service{"))
    assert 2 == len(samples(exporter, "driftline_service_limit{"))


def test_services_have_a_part_of_the_series() -> None:
    """A quarter at most; what is left out is counted."""
    exporter = Exporter(series_max=40)
    tables = {"windows": rows(WINDOWS, *(window(f"m{i}") for i in range(6)))}
    told = (
        window(f"m{i}", metric=m, verdict="well", limit=1.0) for i in range(6) for m in ("error_rate", "latency_p50")
    )
    exporter.show(Commit(1, {**tables, "service": rows(SERVICE, *told)}))
    assert 9 == len(samples(exporter, "driftline_service"))
    (dropped,) = samples(exporter, "driftline_series_dropped_total")
    assert 36 - 9 <= float(dropped.split()[-1])


def apart(metric: str, value: float, **told: object) -> dict[str, object]:
    """How far the groups of a field of `window` are apart."""
    return number(metric, value, segment="sex", predicted=-1, limit=0.05, verdict="worse") | told


def test_gaps_between_groups_are_shown_as_they_were_told_last() -> None:
    """With interval, limit and verdict; a field is no segment, and an older window says nothing new."""
    exporter = Exporter(lambda: LIVE)
    first = [apart("demographic_parity_difference", 0.3, low=0.2, high=0.4), number("accuracy", 0.9)]
    exporter.show(Commit(1, {"windows": rows(WINDOWS, window("fraud")), "performance": rows(PERFORMANCE, *first)}))
    again = apart("demographic_parity_difference", 0.1, verdict="unknown", step=NOON + np.timedelta64(5, "m"))
    old = apart("demographic_parity_difference", 0.7, end=NOON - np.timedelta64(5, "m"))
    exporter.show(Commit(2, {"performance": rows(PERFORMANCE, again, old)}))
    labels = 'field="sex",metric="demographic_parity_difference",model="fraud",version="3",window="5m"'
    told = [line for line in exporter.text().decode().splitlines() if line.startswith("driftline_fairness")]
    assert [
        f"driftline_fairness_gap{{{labels}}} 0.1",
        f"driftline_fairness_gap_limit{{{labels}}} 0.05",
        f"driftline_fairness_verdict{{{labels}}} -1.0",
    ] == told


def test_gaps_leave_room_for_the_rest() -> None:
    """An eighth of all series; what is left out is counted."""
    exporter = Exporter(lambda: LIVE, series_max=80)
    told = [apart(metric, 0.3, segment=f"f{i}") for i in range(5) for metric in GAPS]
    exporter.show(Commit(1, {"windows": rows(WINDOWS, window("fraud")), "performance": rows(PERFORMANCE, *told)}))
    lines = exporter.text().decode().splitlines()
    assert 9 == sum(line.startswith("driftline_fairness") for line in lines)
    assert f"driftline_series_dropped_total {3.0 * 30 - 9}" in lines


def test_gaps_are_those_that_are_measured() -> None:
    """A name that nobody writes would be no series, and one that is not here none either."""
    assert {*DIFFERENCES, *RATIOS} == {*GAPS}
