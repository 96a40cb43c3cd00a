"""Scores of several classes and lists, from a file of events to the rows of a DuckDB file."""

import json
import random
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from sklearn.metrics import log_loss, ndcg_score, top_k_accuracy_score

from tests.stream.cli.conftest import Command

CONFIGURATION = """
events: {predictions: [log], labels: [log]}
defaults: {windows: [30m], reference: {file: log.jsonl}, labels: {within: 1h}}
models: {tickets: {output: {kind: multiclass}}, search: {output: {kind: ranking}}}
"""
BEGIN, N = 1_795_194_000_000, 600  # ms: the start of an hour
NAMES, ITEMS = ("bill", "bug", "idea", "other", "praise", "spam"), [f"sku-{i}" for i in range(30)]
MEASURED = """
SELECT epoch_ms("end"), value, low, high FROM performance
WHERE model = ? AND metric = ? AND status = 'final' AND segment = '' ORDER BY "end"
"""


@pytest.fixture
def said(folder: Path) -> list[tuple[int, dict[str, float], str, list[str], dict[str, int]]]:
    """Two models in one log, an hour and a half of it: times, scores and classes, lists and relevances."""
    dice, rows, lines = random.Random(9), [], []
    for i in range(N):
        raw = [dice.random() ** 2 for _ in NAMES]
        scores = {name: round(each / sum(raw), 6) for name, each in zip(NAMES, raw, strict=True)}
        label = dice.choices([*scores], [*scores.values()])[0]
        listed = dice.sample(ITEMS, dice.randrange(1, 15))
        relevant = {item: dice.randrange(1, 4) for item in dice.sample(ITEMS, dice.randrange(6))}
        time = BEGIN + 9_000 * i
        rows.append((time, scores, label, listed, relevant))
        about = {"id": f"e{i}", "time": time, "features": {"amount": dice.random()}}
        answers: dict[str, tuple[dict[str, Any], Any]] = {
            "tickets": ({"scores": scores}, label),
            "search": ({"prediction": listed}, relevant),
        }
        for model, (answer, truth) in answers.items():
            lines.append(about | {"kind": "prediction", "model": model} | answer)
            late = time + dice.randrange(600_000)
            lines.append({"id": f"e{i}", "kind": "label", "model": model, "time": late, "label": truth})
    lines.sort(key=lambda line: line["time"])
    (folder / "log.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "driftline.yaml").write_text(CONFIGURATION)
    return rows


def test_windows_of_a_replay_are_those_of_scikit_learn(driftline: Command, said: list[Any]) -> None:
    """Each window's metrics, inside of their intervals."""
    assert 0 == driftline("replay", "log.jsonl", "--store", "found.duckdb").code

    def worth(listed: list[str], gains: dict[str, int]) -> float:
        every = [*listed, *[""] * 10, *(gains.keys() - {*listed})]
        return float(ndcg_score([[gains.get(each, 0) for each in every]], [range(len(every), 0, -1)], k=10))

    with duckdb.connect("found.duckdb", read_only=True) as connection:
        for i, end in enumerate(range(BEGIN + 1_800_000, BEGIN + 3_600_001, 1_800_000)):
            mine = [row for row in said if end - 1_800_000 <= row[0] < end]
            assert 200 == len(mine)
            table, labels = np.array([[*row[1].values()] for row in mine]), [row[2] for row in mine]
            expected = {
                ("tickets", "top_2_accuracy"): top_k_accuracy_score(labels, table, k=2, labels=[*NAMES]),
                ("tickets", "log_loss"): log_loss(labels, table / table.sum(axis=1, keepdims=True)),
                ("search", "ndcg_at_10"): np.mean([worth(row[3], row[4]) for row in mine]),
                ("search", "hit_rate_at_3"): np.mean([bool({*row[3][:3]} & row[4].keys()) for row in mine]),
            }
            for about, wanted in expected.items():
                at, value, low, high = connection.execute(MEASURED, [*about]).fetchall()[i]
                assert (at, value) == (end, pytest.approx(wanted, abs=1e-5)), about
                assert low < value < high
        assert 2 == len(connection.execute(MEASURED, ["search", "mrr"]).fetchall()), "the last may have more labels yet"
