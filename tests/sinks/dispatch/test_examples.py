"""The examples of what systems run: the ones that only the system itself could run are read here."""

from pathlib import Path
from typing import Any

import yaml

from sinks.dispatch.targets.ci import GITHUB
from sinks.dispatch.targets.pipelines import METAFLOW

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_the_workflow_waits_for_our_event_and_is_found_by_its_name() -> None:
    """And no field of the trigger becomes part of a script."""
    workflow: Any = yaml.load((EXAMPLES / "github" / "retrain.yml").read_text(), yaml.BaseLoader)
    assert [GITHUB.keys["event"].default] == workflow["on"]["repository_dispatch"]["types"]
    assert "github.event.client_payload.trigger.id" in workflow["run-name"]
    scripts = [step["run"] for step in workflow["jobs"]["retrain"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_the_flow_waits_for_our_event() -> None:
    """By the name that an entry without one sends."""
    assert f'"name": "{METAFLOW.keys["event"].default}"' in (EXAMPLES / "metaflow" / "flow.py").read_text()
