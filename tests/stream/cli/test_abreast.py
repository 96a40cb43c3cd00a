"""`driftline versions`, and docs/versions.md, which is held to its word: the example, the gate, the manifests."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from detectors.performance.versions.comparable import METRICS, RANKED, comparable
from detectors.performance.versions.tallied import TALLIED
from sinks.duck import DuckStore
from stream.cli import main
from stream.config.parse import parse
from stream.web.app import Served
from stream.web.page.status import Status
from tests.stream.cli.conftest import Command
from tests.stream.web.served import listening, program

TEXT = (Path(__file__).parents[3] / "docs" / "versions.md").read_text(encoding="utf-8")
SHARES, CONFIGURATION, ARGO, FLAGGER = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
REPLAY, COMPARE, GATE, PLAIN = re.findall(r"```console\n\$ (.*?)\n```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the example leaves behind, made once."""
    path = tmp_path_factory.mktemp("example")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        exec(compile(re.findall(r"```python\n(.*?)\n```", TEXT, re.DOTALL)[0], "docs/versions.md", "exec"), {})
        Path("driftline.yaml").write_text(CONFIGURATION)
        with pytest.raises(SystemExit) as end:
            main(REPLAY.removeprefix("driftline ").split())
        assert not end.value.code
    return path


@pytest.fixture
def store(folder: Path, replayed: Path) -> Path:
    """A copy of it."""
    for name in ("driftline.yaml", "log.jsonl", "fraud.duckdb"):
        shutil.copy(replayed / name, folder)
    return folder / "fraud.duckdb"


@pytest.fixture
def address(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service that has the example's store."""
    kept = DuckStore(store, memory_limit="200MB")
    try:
        with listening(Served.of(kept, Status, parse(CONFIGURATION))) as address:
            monkeypatch.setenv("DRIFTLINE_HTTP_LISTEN", address)
            yield address
    finally:
        kept.close()


def test_the_example_is_what_the_command_says(driftline: Command, store: Path) -> None:
    """Of the file, word for word."""
    assert store.exists()
    command, _, expected = COMPARE.partition("\n")
    told = driftline(*command.removeprefix("driftline ").split())
    assert (0, "", expected) == (told.code, told.err, told.out.rstrip())


def test_a_running_service_says_the_same(driftline: Command, store: Path, request: pytest.FixtureRequest) -> None:
    """As JSON, byte for byte; also what it refuses."""
    asked = [("versions", "fraud", "--json", "--metric", "f1", "--since", "2026-01-05T14:00:00Z"), ("versions", "frod")]
    asked += [("versions", "fraud", "--metric", "calibration_error"), ("versions", "fraud", "--candidate", "9")]
    alone = [driftline(*arguments) for arguments in asked]
    request.getfixturevalue("address")
    assert store.exists()
    assert alone == [driftline(*arguments) for arguments in asked]
    assert [0, 2, 2, 2] == [told.code for told in alone]
    assert "2026-01-05T13:55:00Z" == json.loads(alone[0].out)["since"]
    assert ["driftline: There is no model 'frod'; did you mean 'fraud'?"] == alone[1].err.splitlines()


def test_a_store_that_is_nowhere_is_a_sentence(driftline: Command, folder: Path) -> None:
    """Exit code 1: it may be there later. A time that is none is the user's mistake."""
    told = driftline("versions", "fraud")
    assert (1, "") == (told.code, told.out)
    assert "there is no store at driftline.duckdb; and at http://127.0.0.1:8080 (http.listen) no service" in told.err
    DuckStore(folder / "driftline.duckdb").close()
    assert 2 == driftline("versions", "fraud", "--since", "yesterday").code


def test_the_gate_is_asked_as_documented(address: str, folder: Path) -> None:
    """By curl: the code, the body, and the exit code; and by POST with a body, as Flagger asks."""
    curl = program("curl", "curl")
    command, _, code = GATE.partition("\n")
    assert code == shell(command, address).stdout.strip()
    body = json.loads((folder / "health.json").read_text())
    assert ("unhealthy", ["drift", "performance", "comparison"]) == (
        body["verdict"],
        [each["check"] for each in body["reasons"]],
    )
    assert "stays where it is" == shell(PLAIN, address).stdout.strip()
    hooks = [hook["url"].replace("driftline:8080", address) for hook in yaml.safe_load(FLAGGER)["analysis"]["webhooks"]]
    sent = json.dumps({"name": "fraud", "namespace": "models", "phase": "Progressing", "metadata": {}})
    for url in hooks:
        told = ["-sS", "-w", "%{http_code}", "-o", "/dev/null", "-H", "Content-Type: application/json", "-d", sent, url]
        done = subprocess.run([curl, *told], capture_output=True, text=True, timeout=30, check=True)
        assert "503" == done.stdout
    (metric,) = yaml.safe_load(ARGO)["spec"]["metrics"]
    url = metric["provider"]["web"]["url"].replace("driftline:8080", address).replace("{{args.version}}", "4")
    done = subprocess.run([curl, "-fsS", url], capture_output=True, text=True, timeout=30, check=True)
    assert metric["failureCondition"] == f'result == "{json.loads(done.stdout)["verdict"]}"'


def shell(command: str, address: str) -> subprocess.CompletedProcess[str]:
    """A documented line, at another address."""
    line = command.replace("127.0.0.1:8080", address)
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=30, check=False)


def test_the_documented_shares_are_a_configuration() -> None:
    """As they stand."""
    assert {"3": 0.8, "4": 0.2} == parse(SHARES).patterns[0][1].versions.shares


def test_every_documented_metric_is_compared_or_not() -> None:
    """By the table."""
    rows = re.findall(
        r"^\| (`.*) \| (.*) \|$", TEXT.partition("| metrics |")[2].partition("Which way")[0], re.MULTILINE
    )
    for names, how in rows:
        every = [re.sub("_k$", "_10", name) for name in re.findall(r"`([\w:]+)`", names)]
        known = [comparable(name) is not None or name in TALLIED for name in every]
        assert [not how.startswith("not")] * len(known) == known, names
    named = {name for names, _ in rows for name in re.findall(r"`([\w:]+)`", names)} | set(re.findall(r"`(\w+)`", TEXT))
    alike = {name for name in METRICS if name.startswith(("micro_", "weighted_", "top_", "true_", "false_"))}
    alike |= {*RANKED}
    assert METRICS.keys() - named - alike <= {"worth", "interval_coverage"}
