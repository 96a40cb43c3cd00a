"""Conventions say what the tools themselves said: evidently 0.7.23, nannyml 0.13.1, deepchecks 0.19.1, and so on.

captured.json holds what they printed: `golden` of three pairs of columns, `captured` of the columns of `worlds`.
"""

import json
from math import isclose, isnan
from pathlib import Path
from typing import Any

import pytest

from detectors.conventions import ALL, CONVENTIONS, Score
from tests.detectors.conventions.features import feature
from tests.detectors.conventions.worlds import columns, golden

SAID = json.loads((Path(__file__).parent / "captured.json").read_text())
WHYLOGS = {"ks": 0.005, "hellinger": 0.03, "chi-square": 1e-12}  # absolute: its sketches are random


def agree(score: Score, said: dict[str, Any], away: float = 0.0) -> bool:
    """Values, limits and p-values to 1e-9, or `away` absolutely; verdicts exactly."""
    tolerance = said.get("tolerance", 1e-9)
    numbers = {"value": score.value, "limit": score.limit, "p_value": score.p_value}
    wanted = {
        name: float(said[name]) for name in numbers if name in said and not (tolerance > 1e-9 and name != "value")
    }
    return score.drifted == said.get("drifted", score.drifted) and all(
        isclose(numbers[name], value, rel_tol=tolerance, abs_tol=max(away, 1e-15) if name != "p_value" else 1e-300)
        or (isnan(value) and isnan(numbers[name]))
        or (name == "p_value" and abs(numbers[name] - value) < 1e-14 and 1e-14 < value)  # one less a sum near one
        for name, value in wanted.items()
    )


@pytest.mark.parametrize("tool", SAID["golden"])
def test_the_golden_values_are_equal(tool: str) -> None:
    """Every one of them, to 1e-9; whylogs within its sketch's error."""
    judged = CONVENTIONS[tool].judge({name: feature(*pair) for name, pair in golden().items()}, (ALL,))
    said = SAID["golden"][tool]
    found = [(name, measure, one) for name, measures in said.items() for measure, one in measures.items()]
    assert found
    if tool == "alibi":  # captured of one feature alone
        judged = CONVENTIONS[tool].judge({"numeric": feature(*golden()["numeric"])}, (ALL,))
    assert [] == [(*where, one) for *where, one in found if not agree(judged.features[where[0]][where[1]], one)]


@pytest.mark.parametrize("tool", SAID["captured"])
def test_other_columns_are_equal_too(tool: str) -> None:
    """Of many kinds and sizes, with the tool's own choice where it has one; a refusal is a refusal."""
    different, n = [], 0
    for case, measures in SAID["captured"][tool].items():
        kind, m, current = case.rsplit("_", 2)
        one = feature(*columns(kind, int(m), int(current)))
        found = CONVENTIONS[tool].judge({"x": one}, tuple(measures)).features["x"]
        for measure, said in measures.items():
            n += 1
            if measure == "chosen":
                right = said == [*CONVENTIONS[tool].judge({"x": one}).features["x"]]
            elif said is None:
                right = measure not in found or found[measure].value is None
            else:
                right = agree(found[measure], said, WHYLOGS[measure] if tool == "whylogs" else 0.0)
            if not right:
                different.append((case, measure, said, found.get(measure)))
    assert n > 30
    assert [] == different
