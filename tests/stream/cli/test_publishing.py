"""`driftline publish` up to the broker: what would be sent, and what is refused before anything is."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.stream.cli.conftest import Command
from tests.stream.files.events import events, flat, parquet, write

LABELS = """id,model,time,label,event,reviewer
e0,fraud,2026-01-22 08:00:00,1,,anna
e1,fraud,2026-01-22T08:00:01Z,0,correct,ben
7,churn,2026-01-22 08:00:02+01:00,,retract,
"""
TRY = ("publish", "labels.csv", "--topic", "labels", "--dry-run")


def labels(folder: Path, text: str = LABELS) -> Path:
    """A table of labels."""
    path = folder / "labels.csv"
    path.write_text(text)
    return path


def document(out: str) -> dict[str, Any]:
    """What `--json` printed."""
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_table_of_labels_becomes_events(driftline: Command, folder: Path) -> None:
    """Times in UTC where they say nothing else, an id as it is written, what is no part of a label left out."""
    labels(folder)
    told = driftline(*TRY, "--kind", "label")
    assert (0, "") == (told.code, told.err)
    first, times, *shown = told.out.splitlines()
    assert "labels.csv: 3 events would be sent to labels, keyed by model (churn 1 labels; fraud 2 labels)" == first
    assert "their times: 2026-01-22T07:00:02.000Z to 2026-01-22T08:00:01.000Z" == times
    assert [
        {"kind": "label", "id": "e0", "model": "fraud", "time": "2026-01-22T08:00:00.000Z", "label": 1},
        {"kind": "label", "id": "e1", "model": "fraud", "time": "2026-01-22T08:00:01.000Z", "label": 0}
        | {"event": "correct"},
        {"kind": "label", "id": "7", "model": "churn", "time": "2026-01-22T07:00:02.000Z", "event": "retract"},
    ] == [json.loads(line) for line in shown]


def test_a_table_may_leave_out_the_model_and_the_event(driftline: Command, folder: Path) -> None:
    """Of Parquet, with its types: epoch milliseconds, whole ids with gaps, classes."""
    query = "SELECT 'spam' AS label, 5.0::DOUBLE AS id, 1795194000123 AS time"
    parquet(folder / "labels.parquet", query)
    told = driftline(
        "publish", "labels.parquet", "--topic", "labels", "--kind", "label", "--model", "mail", "--dry-run"
    )
    expected = {"kind": "label", "model": "mail", "label": "spam", "id": "5", "time": 1795194000123}
    assert (0, expected) == (told.code, json.loads(told.out.splitlines()[2]))


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz", "log.parquet", "log.csv"])
def test_predictions_are_published_from_any_file(driftline: Command, folder: Path, name: str) -> None:
    """How many of which model, from when to when."""
    rows = events(100)
    told = driftline(
        *("publish", write(folder / name, flat(rows) if name == "log.csv" else rows)),
        *("--topic", "predictions", "--dry-run", "--json"),
    )
    found = document(told.out)
    assert (0, True, 100, {"fraud": {"prediction": 100}}) == (
        told.code, found["dry_run"], found["events"], found["models"],
    )  # fmt: skip
    assert ("2026-11-20T17:00:00.000Z", "2026-11-20T17:01:39.099Z") == (found["first"], found["last"])


def test_json_lines_are_shown_as_they_are(driftline: Command, folder: Path) -> None:
    """To the byte, whatever else they say."""
    line = '{"model": "m",  "kind": "label", "id": 7, "time": 1, "label": true, "who": "anna"}'
    (folder / "labels.jsonl.gz").write_bytes(gzip.compress(f"\n{line}\n\n".encode()))
    told = driftline("publish", "labels.jsonl.gz", "--topic", "labels", "--dry-run")
    assert (0, [line]) == (told.code, told.out.splitlines()[2:])


def test_every_mistake_is_told_with_its_line(driftline: Command, folder: Path) -> None:
    """Empty lines count as lines; twenty mistakes are shown, the others are counted."""
    good = '{"kind": "label", "model": "m", "id": "a", "time": 1, "label": 1}'
    bad = [
        good.replace("label", "lable", 1), "", good.replace('"id": "a", ', ""),
        good.replace('"time": 1', '"time": "x"'), good.replace('"label": 1', '"label": null'),
        good.replace("}", ', "event": "corect"}'), "{",
    ]  # fmt: skip
    (folder / "labels.jsonl").write_text("\n".join((good, *bad, *["[1]"] * 20)) + "\n")
    told = driftline("publish", "labels.jsonl", "--topic", "labels", "--dry-run")
    assert (2, "") == (told.code, told.out)
    first, *mistakes = told.err.splitlines()
    assert "driftline: labels.jsonl: nothing was sent, for 26 mistakes:" == first
    assert "  line 2: kind is 'lable', expected prediction, features or label" == mistakes[0]
    assert "  line 4: a label needs the id of its prediction" == mistakes[1]
    assert mistakes[2].startswith("  line 5: time is 'x', expected RFC 3339 with a zone")
    assert "  line 6: the label says nothing: a class or a number is expected, or the event retract" == mistakes[3]
    assert "  line 7: event is 'corect', expected label, correct, retract or nothing" == mistakes[4]
    assert mistakes[5].startswith("  line 8: ")
    assert (21, "  and 6 more") == (len(mistakes), mistakes[-1])


def test_a_label_may_say_what_is_relevant_where_lists_are_configured(driftline: Command, folder: Path) -> None:
    """Of another model it says nothing."""
    said = '{"kind": "label", "model": "search", "id": "a", "time": 1, "label": {"sku-4": 2}}'
    (folder / "labels.jsonl").write_text(said)
    (folder / "driftline.yaml").write_text("events: {labels: [labels]}")
    assert "the label says nothing" in driftline("publish", "labels.jsonl", "--topic", "labels", "--dry-run").err
    (folder / "driftline.yaml").write_text("events: {labels: [labels]}\nmodels: {search: {output: {kind: ranking}}}")
    told = driftline("publish", "labels.jsonl", "--topic", "labels", "--dry-run")
    assert (0, "") == (told.code, told.err)


def test_rows_of_a_table_are_counted_below_its_header(driftline: Command, folder: Path) -> None:
    """An empty label says nothing."""
    labels(folder, LABELS.replace("Z,0,", "Z,,"))
    told = driftline(*TRY, "--kind", "label")
    assert 2 == told.code
    assert "row 2: the label says nothing" in told.err


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (LABELS, ("--kind", "label", "--model", "fraud"), "has a column 'model', so it cannot be 'fraud' for all rows"),
        (LABELS.replace("id,", "key,", 1), ("--kind", "label"), "has no column 'id'"),
        (LABELS.replace("model,", "modle,", 1), ("--kind", "label"), "did you mean 'modle'?"),
        ("id,model,time,label\n", ("--kind", "label"), "has no events"),
        ("", ("--kind", "label"), "is empty"),
    ],
)
def test_a_table_that_is_none_of_labels_is_a_sentence(
    driftline: Command, folder: Path, text: str, options: tuple[str, ...], said: str
) -> None:
    """On stderr, with exit code 2."""
    labels(folder, text)
    told = driftline(*TRY, *options)
    assert (2, "", 1) == (told.code, told.out, len(told.err.splitlines()))
    assert said in told.err


def test_json_lines_say_themselves_what_they_are(driftline: Command, log: Path) -> None:
    """Options for tables are refused."""
    told = driftline("publish", log, "--topic", "labels", "--kind", "label", "--dry-run")
    assert 2 == told.code
    assert "JSON lines are sent as they are" in told.err


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ("events: {predictions: [other], labels: [labels]}", "prediction of 'fraud' is not expected on 'labels'"),
        (
            "{events: {labels: [labels], predictions: [labels]}, models: {churn: {}}}",
            "no name or pattern of the configuration matches model 'fraud'",
        ),
    ],
)
def test_what_the_service_would_refuse_is_refused(
    driftline: Command, folder: Path, log: Path, configuration: str, said: str
) -> None:
    """By the configuration that is named, or that lies there."""
    (folder / "driftline.yaml").write_text(configuration)
    for named in ((), ("driftline.yaml",)):
        told = driftline("publish", log, *named, "--topic", "labels", "--dry-run")
        assert 2 == told.code
        assert said in told.err


def test_events_of_the_future_are_refused(driftline: Command, folder: Path) -> None:
    """A record is stamped when it is sent; beyond max_skew the service sets such an event aside."""
    rows = events(1)
    rows[0]["time"] = "2199-01-01T00:00:00Z"
    told = driftline("publish", write(folder / "log.jsonl", rows), "--topic", "predictions", "--dry-run")
    assert 2 == told.code
    assert "more than max_skew" in told.err


def test_a_topic_that_the_service_does_not_read_is_noted(driftline: Command, folder: Path, log: Path) -> None:
    """It may be another service's."""
    (folder / "driftline.yaml").write_text("events: {labels: [truth]}")
    told = driftline("publish", log, "--topic", "labels", "--dry-run")
    assert (0, "driftline: the configuration does not read labels: another service should\n") == (told.code, told.err)


def test_events_that_would_be_late_are_noted(driftline: Command, folder: Path) -> None:
    """The last ones are older than a pane and the lateness; labels may come in any order."""
    rows = events(600)
    shuffled = rows[500:] + rows[:10]
    told = driftline("publish", write(folder / "log.jsonl", shuffled), "--topic", "predictions", "--dry-run", "--json")
    assert (0, 10) == (told.code, document(told.out)["late"])
    assert "10 events are so much older than one before them that they will count as late (lateness 2m)" in told.err
    said = [{key: row[key] for key in ("id", "model", "time")} | {"kind": "label", "label": 1} for row in shuffled]
    told = driftline("publish", write(folder / "labels.jsonl", said), "--topic", "labels", "--dry-run")
    assert (0, "") == (told.code, told.err)


def test_what_an_earlier_run_has_sent_is_left_out(driftline: Command, log: Path) -> None:
    """It is checked all the same."""
    told = driftline("publish", log, "--topic", "predictions", "--dry-run", "--after", "590", "--json")
    assert (10, 600) == (document(told.out)["events"], document(told.out)["in_all"])


def test_a_captured_log_is_not_published(driftline: Command, folder: Path) -> None:
    """Its records are events already, of other partitions."""
    columns = "'t' AS topic, 0 AS \"partition\", 0 AS \"offset\", 0 AS timestamp, ''::BLOB AS key, ''::BLOB AS value"
    parquet(folder / "log.parquet", f"SELECT {columns}")
    told = driftline("publish", "log.parquet", "--topic", "labels", "--dry-run")
    assert 2 == told.code
    assert "is a captured log" in told.err
