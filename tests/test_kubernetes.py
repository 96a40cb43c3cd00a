"""The manifests in deploy/kubernetes fit Kubernetes, the commands, the configuration, and what was measured."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from stream.cli.main import COMMANDS
from stream.config.parse import parse
from stream.config.settings import Settings
from stream.config.telling.estimate import memory, rows
from stream.config.units import size
from stream.web.operations import OPERATIONS

ROOT = Path(__file__).parents[1]
Object = dict[str, Any]
OBJECTS: list[Object] = [
    each
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for each in yaml.safe_load_all(path.read_text())
]
POD_KINDS = ("StatefulSet", "Deployment")
PODS = [each for each in OBJECTS if each["kind"] in POD_KINDS]
VERSIONS = ("1.27", kubernetes_validate.latest_version())


def called(one: Object) -> str:
    """Kind and name."""
    return f"{one['kind']} {one['metadata']['name']}"


def of_kind(kind: str) -> Iterator[Object]:
    """All objects of a kind."""
    return (each for each in OBJECTS if each["kind"] == kind)


def named(name: str) -> Object:
    """The pods' owner of a name."""
    (found,) = (each for each in PODS if each["metadata"]["name"] == name)
    return found


def template(one: Object) -> Object:
    """What its pods are made of."""
    return one["spec"]["template"]


def container(one: Object) -> Object:
    """The only one of its pods."""
    (only,) = template(one)["spec"]["containers"]
    return only


def settings() -> Settings:
    """What the ConfigMap says."""
    (found,) = of_kind("ConfigMap")
    return parse(found["data"]["driftline.yaml"])


def size_of(quantity: str) -> int:
    """Bytes of a Kubernetes quantity."""
    return size(f"{quantity}B")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("one", OBJECTS, ids=called)
def test_every_object_fits_the_schema_of_its_kind(one: Object, version: str) -> None:
    """Of an older and of the newest version that is known here."""
    kubernetes_validate.validate(one, version, strict=True)


def test_a_misspelt_field_does_not_fit() -> None:
    """Else the test above could not fail."""
    wrong = deepcopy(PODS[0])
    wrong["spec"]["template"]["spec"]["securityContext"]["runAsNonroot"] = True
    with pytest.raises(kubernetes_validate.ValidationError, match="runAsNonroot"):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_there_are_workers_a_monitor_and_a_dispatcher() -> None:
    """Each a command that there is, of the version of this project."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    found = {(each["kind"], container(each)["args"][0], container(each)["image"]) for each in PODS}
    expected = {("StatefulSet", "monitor"), ("Deployment", "ingest"), ("StatefulSet", "dispatch")}
    assert expected == {(kind, command) for kind, command, _ in found}
    assert {f"driftline:{version}"} == {image for *_, image in found}
    assert COMMANDS.keys() >= {command for _, command, _ in found}


@pytest.mark.parametrize("one", PODS, ids=called)
def test_probes_ask_where_there_is_an_answer(one: Object) -> None:
    """Each at a route and at the port that the process listens on; Prometheus too."""
    made = container(one)
    routes = {path for handler in OPERATIONS for path in handler.paths}
    asked = [made[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert ["/health/live", "/health/live", "/health/ready"] == [probe["path"] for probe in asked]
    (port,) = made["ports"]
    assert {port["name"]} == {probe["port"] for probe in asked}
    configured = settings().dispatch.listen if made["args"][0] == "dispatch" else settings().http.listen
    listens = made["args"][-1] if "--listen" in made["args"] else configured
    assert f"0.0.0.0:{port['containerPort']}" == listens
    told = template(one)["metadata"]["annotations"]
    assert str(port["containerPort"]) == told["prometheus.io/port"]
    assert {told["prometheus.io/path"], *(probe["path"] for probe in asked)} <= routes


@pytest.mark.parametrize("one", PODS, ids=called)
def test_no_process_has_a_right_that_it_does_not_need(one: Object) -> None:
    """No root, no way to become it, nothing to write to but what is mounted, and no word with Kubernetes."""
    spec = template(one)["spec"]
    user = re.findall(r"useradd --uid (\d+)", (ROOT / "deploy" / "Dockerfile").read_text())
    assert user == [str(spec["securityContext"]["runAsUser"])]
    assert (True, "RuntimeDefault") == (
        spec["securityContext"]["runAsNonRoot"],
        spec["securityContext"]["seccompProfile"]["type"],
    )
    assert {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } == container(one)["securityContext"]
    assert (False, False) == (spec["automountServiceAccountToken"], spec["enableServiceLinks"])


@pytest.mark.parametrize("one", PODS, ids=called)
def test_what_the_configuration_names_is_mounted(one: Object) -> None:
    """The file itself, secrets, and the store where there is one."""
    mounts = {mount["mountPath"]: mount["name"] for mount in container(one)["volumeMounts"]}
    volumes = {volume["name"] for volume in template(one)["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())}
    assert volumes == set(mounts.values())
    security = settings().kafka.security
    named = [container(one)["args"][1], security.password.removeprefix("file:"), security.ca_file]
    named += {
        "monitor": [settings().store.path],
        "dispatch": [settings().dispatch.ledger, *re.findall(r"'file:(.*?)'", str(settings().dispatch.targets))],
    }.get(container(one)["args"][0], [])
    assert [] == [path for path in named if str(Path(path).parent) not in mounts]


def test_selectors_find_the_pods() -> None:
    """Of the sets themselves, the services, the budgets for disruptions and the network's rules."""
    labels = {called(each): template(each)["metadata"]["labels"] for each in PODS}
    selectors = [each["spec"]["selector"]["matchLabels"] for each in (*PODS, *of_kind("PodDisruptionBudget"))]
    selectors += [each["spec"]["selector"] for each in of_kind("Service")]
    found = [sum(chosen.items() <= each.items() for each in labels.values()) for chosen in selectors]
    assert [1] * 9 == found
    ruled = [
        sum(each["spec"]["podSelector"]["matchLabels"].items() <= pod.items() for pod in labels.values())
        for each in of_kind("NetworkPolicy")
    ]
    assert sorted(ruled) == [1, len(PODS)]  # what the dispatcher may reach beside the brokers, and what all may
    names = {each["metadata"]["name"] for each in of_kind("Service")}
    assert names >= {each["spec"]["serviceName"] for each in of_kind("StatefulSet")}


def test_the_network_lets_the_brokers_be_reached() -> None:
    """At the namespace and the port that the configuration names."""
    host, port = settings().kafka.bootstrap.split(":")
    rules = next(each for each in of_kind("NetworkPolicy") if each["metadata"]["name"] == "driftline")
    opened = {
        (peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], place["port"])
        for rule in rules["spec"]["egress"]
        for peer in rule["to"]
        for place in rule["ports"]
    }
    assert (host.split(".")[1], int(port)) in opened


def test_prometheus_looks_where_pods_are_named() -> None:
    """At headless services, at their port, whether a pod is ready or not."""
    scraped = yaml.safe_load((ROOT / "deploy" / "prometheus" / "kubernetes.yml").read_text())["scrape_configs"][0]
    found = {(name, each["port"]) for each in scraped["dns_sd_configs"] for name in each["names"]}
    headless = {
        (f"{each['metadata']['name']}.driftline.svc.cluster.local", each["spec"]["ports"][0]["port"])
        for each in of_kind("Service")
        if each["spec"].get("clusterIP") == "None" and each["spec"]["publishNotReadyAddresses"]
    }
    assert headless == found


def test_a_monitor_has_room_for_what_its_configuration_will_take() -> None:
    """By the estimates of `driftline check`."""
    monitor = named("driftline-monitor")
    (claim,) = monitor["spec"]["volumeClaimTemplates"]
    assert memory(settings()).total <= size_of(container(monitor)["resources"]["limits"]["memory"])
    assert rows(settings()).kept_bytes <= size_of(claim["spec"]["resources"]["requests"]["storage"])


def test_every_pod_of_the_monitors_is_one_that_the_configuration_names() -> None:
    """A pod tells its monitor's name by its own."""
    monitor = named("driftline-monitor")
    pods = [f"{monitor['metadata']['name']}-{i}" for i in range(monitor["spec"]["replicas"])]
    assert pods == list(settings().monitors.names)
    (given,) = container(monitor)["env"]
    assert "metadata.name" == given["valueFrom"]["fieldRef"]["fieldPath"]
    (file,) = of_kind("ConfigMap")
    assert pods[0] == parse(file["data"]["driftline.yaml"], {given["name"]: pods[0]}).monitors.name


def test_no_pod_is_killed_before_it_has_stopped_in_order() -> None:
    """A stop takes five seconds at most."""
    assert all(template(each)["spec"]["terminationGracePeriodSeconds"] >= 10 for each in PODS)
