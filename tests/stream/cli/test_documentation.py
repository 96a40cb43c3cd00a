"""docs/labels.md and docs/performance.md are held to their word: the example runs, every query has its answer."""

import re
from pathlib import Path

import duckdb
import pytest

from tests.stream.cli.conftest import Command

DOCS = Path(__file__).parents[3] / "docs"
LABELS, PERFORMANCE = ((DOCS / name).read_text(encoding="utf-8") for name in ("labels.md", "performance.md"))
QUERY = re.compile(r"```sql\n(.*?)\n```\n\n((?:\|[^\n]*\n)+)", re.DOTALL)


def block(kind: str) -> str:
    """The first block of labels.md of this kind."""
    return re.findall(rf"```{kind}\n(.*?)\n```", LABELS, re.DOTALL)[0]


@pytest.fixture
def store(driftline: Command, folder: Path) -> Path:
    """What the example leaves behind."""
    exec(compile(block("python"), "docs/labels.md", "exec"), {})
    (folder / "driftline.yaml").write_text(block("yaml"))
    assert 0 == driftline(*block("console").removeprefix("$ driftline ").split()).code
    return folder / "fraud.duckdb"


def test_every_query_has_its_answer(store: Path) -> None:
    """As the tables below them say."""
    queries = [*QUERY.findall(LABELS), *QUERY.findall(PERFORMANCE)]
    assert LABELS.count("```sql") + PERFORMANCE.count("```sql") == len(queries) > 3
    with duckdb.connect(store, read_only=True) as connection:
        for sql, table in queries:
            found = connection.execute(sql)
            head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
            assert head == [column[0] for column in found.description]
            assert rows == [[str(cell) for cell in row] for row in found.fetchall()], sql


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
    from detectors.performance import binary_metrics, multiclass_metrics, ranking_metrics, regression_metrics

    kinds = {"binary": binary_metrics, "multiclass": multiclass_metrics, "regression": regression_metrics}
    for kind, module in kinds.items():
        (row,) = re.findall(rf"^\| `{kind}` \|[^|]*\| (.*) \|$", PERFORMANCE, re.MULTILINE)
        assert list(module.METRICS) == re.findall(r"`(\w+)`", row)
    (row,) = re.findall(r"^\| `ranking` \|[^|]*\| (.*) \|$", PERFORMANCE, re.MULTILINE)
    expected = [*ranking_metrics.METRICS, *(f"{metric}_at_k" for metric in ranking_metrics.PER_CUT)]
    assert expected == re.findall(r"`(\w+)`", row)
