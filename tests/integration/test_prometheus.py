"""A real Prometheus scrapes a live driftline, and understands its rules and its dashboard."""

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from stream.config.settings import Settings
from stream.web.app import Served
from tests.stream.web.seeded import DRIFTING, WELL, seeded_status, seeded_store
from tests.stream.web.served import eventually, listening, program

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
CHOSEN = {
    "model": DRIFTING,
    "version": "3",
    "window": "5m",
    "detector": "psi",
    "feature": "amount",
    "metric": "accuracy",
}
CONFIGURATION = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs: [{{job_name: driftline, static_configs: [{{targets: ["{target}"]}}]}}]
"""
Ask = Callable[[str], object]


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    command = [program("promtool", "prometheus"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=RULES.parent)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Asks the HTTP API of a Prometheus that scrapes the seeded story."""
    binary, folder = program("prometheus", "prometheus"), tmp_path_factory.mktemp("prometheus")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own = f"127.0.0.1:{free.getsockname()[1]}"

    def asked(path: str) -> object:
        try:
            with urlopen(f"http://{own}/api/v1/{path}", timeout=5) as answer:
                return json.load(answer)["data"]
        except URLError:
            return None

    with listening(Served.of(seeded_store(estimated=True), seeded_status, Settings())) as target:
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(rules=RULES, target=target))
        options = {"config.file": folder / "prometheus.yml", "storage.tsdb.path": folder, "web.listen-address": own}
        command = [binary, "--log.level=error", *(f"--{name}={value}" for name, value in options.items())]
        with subprocess.Popen(command) as process:
            try:
                eventually(lambda: asked("query?query=driftline_ready") and result(asked, "driftline_ready"))
                yield asked
            finally:
                process.terminate()


def result(ask: Ask, expression: str) -> list[dict[str, object]]:
    """The series that an expression gives now."""
    answer = ask(f"query?query={quote(expression)}")
    assert isinstance(answer, dict), expression
    return answer["result"]


def expressions() -> list[str]:
    """Every expression of the dashboard, with its variables chosen."""
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "driftline.json").read_text())
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    return [re.sub(r"\$(\w+)", lambda name: CHOSEN[name[1]], expression) for expression in found]


def test_the_rules_are_valid() -> None:
    """Promtool reads every rule."""
    done = promtool("check", "rules", RULES.name)
    assert (done.returncode, "SUCCESS: 23 rules found" in done.stdout) == (0, True), done.stderr


def test_the_alerts_do_what_they_say() -> None:
    """Promtool plays each story of the rules' own tests."""
    done = promtool("test", "rules", "rules.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["prometheus.yml", "kubernetes.yml"])
def test_the_configuration_is_valid(name: str) -> None:
    """Promtool reads what the compose file mounts, and what is for a cluster."""
    done = promtool("check", "config", name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_exposition_has_no_lint() -> None:
    """Promtool finds nothing to criticise in the names and types of a live /metrics."""
    with listening(Served.of(seeded_store(), seeded_status, Settings())) as address:
        text = urlopen(f"http://{address}/metrics", timeout=10).read()
    command = [program("promtool", "prometheus"), "check", "metrics"]
    done = subprocess.run(command, input=text, capture_output=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_prometheus_scrapes_what_the_store_holds(ask: Ask) -> None:
    """The drifting feature, and only that, is beyond its limit."""
    beyond = result(ask, 'driftline_drift_value{window="5m"} > driftline_drift_limit')
    found = {(each["metric"]["model"], each["metric"]["feature"], each["metric"]["detector"]) for each in beyond}
    assert {(DRIFTING, "amount", "verdict")} == found


def test_window_ends_are_event_time(ask: Ask) -> None:
    """The newest window's end is a value, not the sample's own time, so that staleness works."""
    ends = result(ask, 'driftline_window_end_timestamp_seconds{window="5m"}')
    assert {(WELL, "1795188000"), (DRIFTING, "1795188000")} == {(e["metric"]["model"], e["value"][1]) for e in ends}


@pytest.mark.parametrize("expression", expressions())
def test_every_panel_of_the_dashboard_has_an_answer(ask: Ask, expression: str) -> None:
    """Prometheus understands each expression; what needs no second scrape gives a series."""
    found = result(ask, expression)
    assert bool(found) or "rate(" in expression


def test_prometheus_loads_the_rules(ask: Ask) -> None:
    """A running Prometheus has all groups."""
    answer = ask("rules")
    assert isinstance(answer, dict)
    names = ["driftline-dispatch", "driftline-models", "driftline-pipeline"]
    assert names == sorted(group["name"] for group in answer["groups"])
