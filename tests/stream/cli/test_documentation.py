"""Pages of docs/ keep their word: examples run, queries have answers, what is said to be a mistake is one."""

import io
import json
import re
from pathlib import Path

import duckdb
import msgspec
import pytest

from detectors.multivariate import TOGETHER
from detectors.two_sample import CATEGORIES, VALUES
from stream.answers.own import of_kind
from stream.config.mistakes import ConfigurationError
from stream.config.parse import parse
from stream.config.sections.policy import KINDS
from stream.config.sections.segments import names
from stream.config.settings import HOUR, MINUTE
from stream.schema import DOCUMENTS
from stream.segments.condition import read
from stream.trigger import Trigger
from tests.stream.cli.conftest import Command

DOCS = Path(__file__).parents[3] / "docs"
ATTRIBUTIONS, LABELS, PERFORMANCE, POLICY, REFERENCES, SAMPLES, SEGMENTS, SERVICE, WINDOWS = (
    (DOCS / f"{name}.md").read_text(encoding="utf-8")
    for name in (
        *("attributions", "labels", "performance", "policy", "references", "samples", "segments", "service", "windows"),
    )
)
QUERY = re.compile(r"```sql\n(.*?)\n```\n\n((?:\|[^\n]*\n)+)", re.DOTALL)


def block(kind: str, page: str = LABELS) -> str:
    """The first block of a page of this kind."""
    return re.findall(rf"```{kind}\n(.*?)\n```", page, re.DOTALL)[0]


def played(page: str, driftline: Command, folder: Path) -> None:
    """Run a page's example."""
    exec(compile(block("python", page), "docs", "exec"), {})
    (folder / "driftline.yaml").write_text(block("yaml", page))
    assert 0 == driftline(*block("console", page).removeprefix("$ driftline ").split()).code


def hold(page: str, store: Path) -> int:
    """Ask a page's queries, and compare with the tables below them; how many there are."""
    queries = QUERY.findall(page)
    assert page.count("```sql") == len(queries) > 1
    with duckdb.connect(store, read_only=True) as connection:
        for sql, table in queries:
            found = connection.execute(sql)
            head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
            assert head == [column[0] for column in found.description]
            assert rows == [[str(cell) for cell in row] for row in found.fetchall()], sql
    return len(queries)


@pytest.fixture
def store(driftline: Command, folder: Path) -> Path:
    """What the example leaves behind."""
    played(LABELS, driftline, folder)
    return folder / "fraud.duckdb"


def test_every_query_has_its_answer(store: Path) -> None:
    """As the tables below them say."""
    assert hold(LABELS, store) + hold(PERFORMANCE, store) > 3


def test_every_query_of_the_service_has_its_answer(driftline: Command, folder: Path) -> None:
    """As the tables below them say, and every metric is named."""
    from detectors.performance.service.latency import METRICS

    played(SERVICE, driftline, folder)
    assert 2 == hold(SERVICE, folder / "service.duckdb")
    assert {*METRICS, "traffic"} == {*re.findall(r"`(latency_p?\w+|error_rate|traffic)`", SERVICE)} - {"latency_ms"}


def test_a_policy_does_as_documented(
    driftline: Command, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example's incidents and triggers, what another policy would have done, and a consumer of ten lines."""
    before, example = POLICY.split("## An example")
    exec(compile(block("python", example), "docs", "exec"), {})
    (folder / "driftline.yaml").write_text(block("yaml", before))
    replayed, tried = (
        each.removeprefix("$ driftline ").split() for each in re.findall(r"```console\n(.*?)\n```", example)
    )
    assert 0 == driftline(*replayed).code
    assert 3 == hold(example, folder / "fraud.duckdb")
    head, _, _ = block("yaml", before).partition("    policy:")
    (folder / "default.yaml").write_text(head)
    assert block("text", example) == driftline(*tried).out.strip()
    with duckdb.connect(folder / "fraud.duckdb", read_only=True) as connection:
        bodies = [body for (body,) in connection.execute('SELECT body FROM triggers ORDER BY "at"').fetchall()]
    for body in bodies:
        msgspec.json.decode(body, type=Trigger, strict=True)
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(body.decode() + "\n" for body in (*bodies, *bodies))))
    consumer = re.findall(r"```python\n(.*?)\n```", example, re.DOTALL)[1]
    capsys.readouterr()
    exec(compile(consumer, "docs", "exec"), {})
    told = capsys.readouterr().out.splitlines()
    assert ["retrain fraud for schedule on 2026-01-05T13:30:00Z to 2026-01-05T14:00:00Z"] == told[:1]
    assert 2 == len(told)
    named = set(
        re.findall(r"^\| (`.*?) \|", before.split("| kind | findings |")[1].split("Each kind")[0], re.MULTILINE)
    )
    assert {*KINDS} == {*re.findall(r"`(\w+)`", " ".join(named))}


def test_published_schemas_are_those_of_the_program(driftline: Command) -> None:
    """`driftline schema` prints what docs/schemas has."""
    for which in DOCUMENTS:
        assert (DOCS / "schemas" / f"{which}.json").read_text() == driftline("schema", which).out


def test_windows_slide_as_documented(driftline: Command, folder: Path) -> None:
    """Every query has its answer; what stands before the example is a configuration, and the mistake is one."""
    before, example = WINDOWS.split("## An example")
    played(example, driftline, folder)
    assert 3 == hold(example, folder / "windows.duckdb")
    assert ((5 * MINUTE, 5 * MINUTE), (HOUR, 5 * MINUTE)) == parse(block("yaml", before)).defaults.spans
    (wrong,) = re.findall(r"`(\[.*?\])` is a mistake", before)
    with pytest.raises(ConfigurationError):
        parse(f"defaults: {{windows: {wrong}}}")


def test_every_query_of_references_has_its_answer(driftline: Command, folder: Path) -> None:
    """As the tables below them say; and each choice of earlier windows is a configuration."""
    played(REFERENCES, driftline, folder)
    assert 2 == hold(REFERENCES, folder / "rides.duckdb")
    choices = re.findall(r"^\| `(\{.*?\})` \|", REFERENCES, re.MULTILINE)
    assert 5 == len({parse(f"defaults: {{reference: {choice}}}").defaults.reference for choice in choices})


def test_segments_are_told_apart_as_documented(driftline: Command, folder: Path) -> None:
    """Every query has its answer, what stands before the example is a configuration, and a mistake is told so."""
    before, example = SEGMENTS.split("## An example")
    played(example, driftline, folder)
    assert 3 == hold(example, folder / "segments.duckdb")
    text = block("yaml", before)
    assert ("site", "country", "site x country", "large") == names(parse(text).patterns[0][1].segments)
    with pytest.raises(ConfigurationError) as caught:
        parse(text.replace("amount >", "amount ="))
    assert block("text", before) == str(caught.value)
    cells = re.findall(r"^\| (`.*?) \|", before, re.MULTILINE)
    conditions = re.findall(r"`([^`]+)`", " ".join(cells))
    assert 9 < len([read(each).asked for each in conditions if each not in {"and", "or", "not", "( )"}])


def test_samples_are_tested_as_documented(driftline: Command, folder: Path) -> None:
    """Every query has its answer, what stands before the example is a configuration, and every test is named."""
    before, example = SAMPLES.split("## An example")
    played(example, driftline, folder)
    assert 3 == hold(example, folder / "limit.duckdb")
    (model,) = (model for name, model in parse(block("yaml", before)).patterns if name == "fraud")
    assert 500 == model.drift.sample
    tables = before.split("## What judges")[0]
    named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", tables, re.MULTILINE)))
    assert {*VALUES, *CATEGORIES, *TOGETHER} == {*named} - {"tests", "together"}


def test_attributions_are_watched_as_documented(driftline: Command, folder: Path) -> None:
    """Every query has its answer, and the event is one."""
    played(ATTRIBUTIONS, driftline, folder)
    assert 2 == hold(ATTRIBUTIONS, folder / "credit.duckdb")
    assert {"income", "age"} == json.loads(block("json", ATTRIBUTIONS))["attributions"].keys()


def test_metrics_of_ones_own_are_a_configuration() -> None:
    """All of them those of the kind that the page says."""
    text, classes = re.findall(r"```yaml\n(.*?)```", PERFORMANCE, re.DOTALL)
    assert ("billing", "bug", -3) in parse(classes).patterns[0][1].output.pairs
    (model,) = (model for name, model in parse(text).patterns if name == "fraud")
    assert {*model.metrics} == {name for name, _ in of_kind(tuple(model.metrics.items()), "binary")}


def test_the_backfill_is_a_command(driftline: Command, store: Path) -> None:
    """It is tried with a table of the columns that the page names; labels have a topic of their own there."""
    (store.parent / "driftline.yaml").write_text("events: {labels: [labels]}")
    (store.parent / "labels.csv").write_text("id,time,label\norder-7,2026-01-05T13:00:00Z,1\n")
    command = re.findall(r"driftline publish .*$", LABELS, re.MULTILINE)[0]
    told = driftline(*command.removeprefix("driftline ").split())
    assert (0, "") == (told.code, told.err)
    assert "1 events would be sent to labels" in told.out


def test_every_metric_is_named() -> None:
    """Of each kind, and no other."""
    from detectors.performance import ranking_metrics, regression_metrics
    from detectors.performance.classes import binary_metrics, multiclass_metrics

    kinds = {"binary": binary_metrics, "multiclass": multiclass_metrics, "regression": regression_metrics}
    for kind, module in kinds.items():
        (row,) = re.findall(rf"^\| `{kind}` \|[^|]*\| (.*) \|$", PERFORMANCE, re.MULTILINE)
        assert list(module.METRICS) == re.findall(r"`(\w+)`", row)
    (row,) = re.findall(r"^\| `ranking` \|[^|]*\| (.*) \|$", PERFORMANCE, re.MULTILINE)
    expected = [*ranking_metrics.METRICS, *(f"{metric}_at_k" for metric in ranking_metrics.PER_CUT)]
    assert expected == re.findall(r"`(\w+)`", row)
