"""`driftline publish` on a real broker: predictions of a month ago, their labels, and how good the model was."""

import csv
import json
import random
import subprocess
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sinks import commit as tables
from tests.integration.kafka import Kafka
from tests.integration.running import COMMAND, Driftline, taken

CONFIGURATION = """
kafka: {{bootstrap: "{bootstrap}"}}
events: {{predictions: [{events}], labels: [{labels}], idle: 500ms}}
topics: {{triggers: {events}.triggers, dead_letters: {events}.dead-letters}}
defaults: {{windows: [5m], lateness: 20s, reference: {{file: {reference}}}}}
models: {{shop: {{labels: {{within: 30d}}, output: {{kind: binary}}}}}}
"""
BEGIN = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = BEGIN + timedelta(days=20)


def published(*arguments: str | Path) -> dict[str, Any]:
    """What a publish says that went well."""
    run = subprocess.run(
        (*COMMAND, "publish", *arguments, "--json"), capture_output=True, text=True, timeout=60, check=False
    )
    assert (0, "") == (run.returncode, run.stderr)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def table(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def prediction(name: str, time: datetime, dice: random.Random) -> dict[str, Any]:
    """A row; its score is sure of itself."""
    score = round(dice.random(), 4)
    return {"id": name, "model": "shop", "time": time.isoformat(), "amount": round(dice.gauss(100, 15), 2),
            "score": score, "prediction": int(score >= 0.5)}  # fmt: skip


def test_labels_of_last_month_say_how_good_the_model_was(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Predictions as one table, their labels as another three weeks later: the windows of then get their accuracy."""
    dice, events, labels = random.Random(3), new_topic(2), new_topic(2)
    rows = [prediction(f"a{i}", BEGIN + timedelta(seconds=i), dice) for i in range(900)]
    now = [prediction(f"b{i}", LATER + timedelta(seconds=i), dice) for i in range(900)]
    said = [
        {
            "id": row["id"],
            "time": (LATER + timedelta(seconds=i // 2)).isoformat(),
            "label": int(row["score"] > dice.random()),
        }
        for i, row in enumerate(rows)
    ]
    said += [
        {"id": f"c{i}", "time": (LATER + timedelta(minutes=10, seconds=i)).isoformat(), "label": 1} for i in range(99)
    ]
    reference = table(tmp_path / "reference.csv", rows)
    text = CONFIGURATION.format(bootstrap=kafka.bootstrap, events=events, labels=labels, reference=reference)
    driftline = Driftline(tmp_path / "shop", file=text)
    config = driftline.folder / "driftline.yaml"
    with driftline.running():
        told = published(table(tmp_path / "events.csv", rows + now), config, "--topic", events)
        assert (1_800, {"shop": {"prediction": 1_800}}) == (told["events"], told["models"])
        driftline.finishes()
        arguments = ("--kind", "label", "--model", "shop")
        told = published(table(tmp_path / "labels.csv", said), config, "--topic", labels, *arguments)
        assert (999, {"shop": {"label": 999}}) == (told["events"], told["models"])
        driftline.finishes()
        driftline.commits(1)
        assert 0 == driftline.stop()
    sent = taken(kafka, labels, 999)
    assert ({b"shop"}, 1) == ({each.key() for each in sent}, len({each.partition() for each in sent}))
    assert [row["id"] for row in said] == [json.loads(each.value())["id"] for each in sent]
    right = defaultdict(list)
    for row, answer in zip(rows, said[:900], strict=True):
        end = BEGIN + timedelta(minutes=5) * (1 + (datetime.fromisoformat(row["time"]) - BEGIN) // timedelta(minutes=5))
        right[end.replace(tzinfo=None)].append(row["prediction"] == answer["label"])
    with driftline.kept() as store:
        met, found = store.select(tables.MET), store.select(tables.PERFORMANCE, where={"metric": "accuracy"})
    assert (900, 0) == (met["pairs"].sum(), met["late"].sum())
    last = dict(zip(found["end"].astype("datetime64[us]").tolist(), found["value"].tolist(), strict=True))
    assert {end: pytest.approx(sum(each) / len(each)) for end, each in right.items()} == last
    assert {300} == set(found["labelled"][-3:].tolist())


def test_a_topic_that_is_not_there_is_the_users_to_make(kafka: Kafka, tmp_path: Path) -> None:
    """Exit code 2, and nothing creates it by asking; a broker that is not there is the world's fault, exit code 1."""
    path = tmp_path / "labels.jsonl"
    path.write_text('{"kind": "label", "model": "m", "id": "a", "time": 1, "label": 1}\n')
    for bootstrap, code, words in (
        (kafka.bootstrap, 2, "the topic never-made does not exist"),
        ("127.0.0.1:9", 1, "cannot reach Kafka at 127.0.0.1:9"),
    ):
        command = (*COMMAND, "publish", str(path), "--topic", "never-made", "--bootstrap", bootstrap)
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
        assert (code, "") == (run.returncode, run.stdout)
        assert words in run.stderr
        assert run.stderr.splitlines()[-1].startswith("driftline: ")
