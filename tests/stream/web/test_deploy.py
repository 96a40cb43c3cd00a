"""What is delivered beside the service fits it: names, settings, and the dashboard's generator."""

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from sinks.prometheus import FAMILIES, dispatching
from sinks.prometheus.families import PARTIAL_BYTES, PARTIALS, REBALANCES, RECORDS
from stream.config.parse import parse

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "driftline.json"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
WITH_EXPRESSIONS = (DEPLOY / "prometheus" / "rules.yml", DEPLOY / "prometheus" / "rules.test.yml", DASHBOARD)

KNOWN = {**dispatching.FAMILIES, **FAMILIES}


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.yml")), ids=lambda path: path.name)
def test_yaml_files_parse(path: Path) -> None:
    """Each is a mapping."""
    assert isinstance(yaml.safe_load(path.read_text()), dict)


@pytest.mark.parametrize("path", WITH_EXPRESSIONS, ids=lambda path: path.name)
def test_every_metric_that_is_asked_for_exists(path: Path) -> None:
    """A name that the exporter does not know would be an alert that never fires, or an empty panel."""
    asked = set(re.findall(r"\bdriftline_\w+", path.read_text()))
    assert (set(), True) == (asked - set(KNOWN), len(asked) > 5)


def test_every_metric_that_a_document_names_exists() -> None:
    """And every one that a worker alone has, or a dispatcher, is explained."""
    named = {name for path in (ROOT / "docs").glob("*.md") for name in re.findall(r"\bdriftline_\w+", path.read_text())}
    of_workers = {family.name for family in (REBALANCES, RECORDS, PARTIALS, PARTIAL_BYTES)}
    alone = of_workers | (set(dispatching.FAMILIES) - set(FAMILIES))
    buckets = {f"{name}_bucket" for name, family in FAMILIES.items() if family.kind == "histogram"}
    assert (set(), set()) == (named - set(FAMILIES) - alone - buckets, alone - named)


def test_the_labels_that_are_chosen_exist() -> None:
    """A misspelt label matches nothing."""
    text = "\n".join(path.read_text().replace('\\"', '"') for path in WITH_EXPRESSIONS)
    chosen = re.findall(r"(driftline_\w+)\{([^}]*)\}", text)
    given = {"instance", "job"}  # by Prometheus, to every series
    unknown = {
        (name, label)
        for name, labels in chosen
        for label in re.findall(r"(\w+)=~?\"", labels)
        if label not in given | set(KNOWN[name].labels)
    }
    assert set() == unknown


def test_panels_say_what_they_show_and_an_open_incident_is_red() -> None:
    """In a sentence or two; every number of incidents was green."""
    panels = {each["title"]: each for each in json.loads(DASHBOARD.read_text())["panels"] if each["type"] != "row"}
    assert all(each["description"].endswith(".") for each in panels.values())
    steps = panels["Open incidents"]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [("green", None), ("red", 1)] == [(step["color"], step["value"]) for step in steps]


def test_the_dashboard_is_what_its_generator_writes() -> None:
    """Whoever changes one without the other is told."""
    assert json.loads(DASHBOARD.read_text()) == runpy.run_path(str(DEPLOY / "grafana" / "dashboard.py"))["dashboard"]()


def test_panels_neither_overlap_nor_leave_the_page() -> None:
    """Each unit of the grid belongs to one panel at most."""
    places = [panel["gridPos"] for panel in json.loads(DASHBOARD.read_text())["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert (len(cells), True) == (len(set(cells)), max(x for x, _ in cells) < 24)


def test_the_service_understands_its_environment() -> None:
    """Every DRIFTLINE_ variable of the compose file and the container names a setting."""
    environment = dict(COMPOSE["services"]["driftline"]["environment"])
    container = (DEPLOY / "Dockerfile").read_text()
    environment |= dict(re.findall(r"(DRIFTLINE_\w+)=(\S+)", container))
    settings = parse("{}", environment)
    told = (settings.kafka.bootstrap, settings.kafka.create_topics, settings.http.listen, settings.store.path)
    assert told == ("kafka:9092", True, "0.0.0.0:8080", "/data/driftline.duckdb")


def test_nothing_is_published_beyond_this_machine() -> None:
    """The brokers of the compose file have no password, so no port may be open to the network."""
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert (len(ports), [port for port in ports if not port.startswith("127.0.0.1:")]) == (4, [])


def test_what_the_compose_file_mounts_is_there() -> None:
    """A missing path would be mounted as an empty folder, without a word."""
    mounts = [mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    missing = [mount for mount in mounts if mount.startswith("./") and not (ROOT / mount).exists()]
    assert missing == []


def test_prometheus_scrapes_the_port_that_the_service_listens_on() -> None:
    """The target is the compose file's service, at the container's port."""
    configuration = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (target,) = configuration["scrape_configs"][0]["static_configs"][0]["targets"]
    service, port = target.split(":")
    assert (True, f"EXPOSE {port}") == (
        service in COMPOSE["services"],
        next(line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line.startswith("EXPOSE")),
    )
