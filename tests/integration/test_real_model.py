"""`examples/real-model`: a real classifier's log on a real broker, learned from the stream and watched."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from river.datasets import ImageSegments

from tests.integration.kafka import Kafka, free_ports
from tests.integration.running import taken
from tests.stream.web.served import eventually

PUBLISH = Path(__file__).parents[2] / "examples" / "real-model" / "publish.py"
RUN = (sys.executable, "-c", "from stream.cli import main; main()", "run")
MODEL = "image-segments"
RIGHT = f"models/{MODEL}/performance?metric=accuracy&length=1h"
WINDOWS = f"windows?model={MODEL}&length=1h"


def final(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The windows whose labels are all there, but for the first, in which learning ended."""
    return [row for row in rows if row["status"] == "final"][:-1]


def sent(kafka: Kafka, topic: str) -> list[bytes]:
    """All that the example has published."""
    return [message.value() for message in taken(kafka, topic, ImageSegments().n_samples - 1)]


def test_a_real_model_is_learned_and_watched(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """The commands of its README: kinds are inferred, windows of an hour get a verdict, and how often it was right."""
    topic, labels, port = new_topic(2), new_topic(2), free_ports(1)[0]

    def asked(path: str) -> list[dict[str, Any]]:
        try:
            with urlopen(f"http://127.0.0.1:{port}/v1/{path}", timeout=5) as answer:
                found: list[dict[str, Any]] = json.load(answer)["items"]
                return found
        except URLError:
            return []

    configuration = tmp_path / "driftline.yaml"
    text = (PUBLISH.parent / "driftline.yaml").read_text()
    configuration.write_text(text.replace("[predictions]", f"[{topic}]").replace("[labels]", f"[{labels}]"))
    environment = {**os.environ, "DRIFTLINE_HTTP_LISTEN": f"127.0.0.1:{port}", "DRIFTLINE_EVENTS_IDLE": "1s"}
    command = (*RUN, configuration, "--bootstrap", kafka.bootstrap)
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as service:
        try:
            subprocess.run((sys.executable, PUBLISH, kafka.bootstrap, topic, labels), check=True, timeout=90)
            judged = eventually(lambda: [w for w in asked(WINDOWS) if w["verdict"] != "unknown"], 60)
            told = eventually(lambda: done if len(done := final(asked(RIGHT))) > 8 else [], 60)
            watched = eventually(lambda: [m for m in asked(f"models?model={MODEL}") if m["progress"] == 1.0], 5)
        finally:
            service.terminate()
            assert 0 == service.wait(10)
    answers = {each["id"]: each for each in map(json.loads, sent(kafka, topic))}
    for window in told:
        start, end = (datetime.fromisoformat(window[name]) for name in ("start", "end"))
        right = [
            answers[label["id"]]["prediction"] == label["label"]
            for label in map(json.loads, sent(kafka, labels))
            if start <= datetime.fromisoformat(answers[label["id"]]["time"]) < end
        ]
        assert (60, pytest.approx(sum(right) / 60)) == (window["labelled"], window["value"])
    assert isinstance(judged, list)
    assert isinstance(watched, list)
    assert 60 == judged[-1]["events"]
    assert judged[-1]["reference"].startswith("learned from")
    (model,) = watched
    assert (MODEL, "1") == (model["name"], model["version"])
    features, _ = next(iter(ImageSegments()))
    kinds = {feature["name"]: feature["kind"] for feature in model["features"]}
    outputs = {"output:score": "numeric", "output:prediction": "categorical"}
    assert {**dict.fromkeys(features, "numeric"), **outputs} == kinds
    assert all(feature["inferred"] for feature in model["features"])
