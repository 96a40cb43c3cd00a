"""`examples/real-model`: a real classifier's log on a real broker, learned from the stream and watched."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from river.datasets import ImageSegments

from tests.integration.kafka import Kafka, free_ports
from tests.stream.web.served import eventually

PUBLISH = Path(__file__).parents[2] / "examples" / "real-model" / "publish.py"
RUN = (sys.executable, "-c", "from stream.cli import main; main()", "run")
MODEL = "image-segments"
WINDOWS = f"windows?model={MODEL}&length=1h"


def test_a_real_model_is_learned_and_watched(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """The two commands of its README: kinds of all features are inferred, and windows of an hour get a verdict."""
    topic, port = new_topic(2), free_ports(1)[0]

    def asked(path: str) -> list[dict[str, Any]]:
        try:
            with urlopen(f"http://127.0.0.1:{port}/v1/{path}", timeout=5) as answer:
                found: list[dict[str, Any]] = json.load(answer)["items"]
                return found
        except URLError:
            return []

    environment = {**os.environ, "DRIFTLINE_HTTP_LISTEN": f"127.0.0.1:{port}", "DRIFTLINE_EVENTS_IDLE": "1s"}
    command = (*RUN, "--topic", topic, "--bootstrap", kafka.bootstrap)
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as service:
        try:
            subprocess.run((sys.executable, PUBLISH, kafka.bootstrap, topic), check=True, timeout=90)
            judged = eventually(lambda: [w for w in asked(WINDOWS) if w["verdict"] != "unknown"], 60)
            watched = eventually(lambda: [m for m in asked(f"models?model={MODEL}") if m["progress"] == 1.0], 5)
        finally:
            service.terminate()
            assert 0 == service.wait(10)
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
