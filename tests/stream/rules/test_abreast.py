"""Windows in which several versions answer keep their labels in cells, so that versions can be compared by them."""

import json
import random
import zlib
from collections import Counter
from typing import Any

import numpy as np
import pytest

from detectors.performance.classes import binary
from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.monitor.plans.onboarding import File
from stream.reference import from_events
from tests.stream.rules.story import FIRST, Story, event, label
from tests.stream.rules.test_repeats import CONFIGURATION, LABELS

MINUTES, SECOND = 25, 8  # when the second version comes


def published(configuration: str = CONFIGURATION, **said: Any) -> tuple[Story, list[dict[str, Any]]]:  # noqa: ANN401 - any JSON
    """A few predictions a minute with labels a while later, of two versions from some minute on."""
    dice, log, rows = random.Random(3), Story(configuration, (FIRST, LABELS)), list[dict[str, Any]]()
    for i in range(MINUTES * 5):
        minute = i / 5 + 0.1
        version = dice.choice("12") if minute > SECOND else "1"
        told = said or {"score": round(dice.random(), 4)}
        row = {"minute": minute, "version": version, "id": f"a{i}", "label": dice.randrange(2), **told}
        if "prediction" in told:
            row |= {"prediction": dice.choice(told["prediction"]), "label": dice.choice(told["prediction"])}
        rows.append(row)
    for row in rows:
        log.publish(FIRST, event(row["minute"], **{k: v for k, v in row.items() if k not in {"minute", "label"}}))
    for row in sorted(rows, key=lambda row: row["minute"]):
        log.publish(LABELS, label(row["minute"] + 3.3, id=row["id"], label=row["label"]))
    log.publish(FIRST, event(MINUTES + 60))
    log.publish(LABELS, label(MINUTES + 60))
    return log, rows


def last(log: Story) -> dict[tuple[str, int], tuple[str, list[int]]]:
    """The newest word on each window, by version and end."""
    found = sorted(log.rows(tables.ABREAST), key=lambda row: row["step"])
    assert {MINUTE} == {row["length"] for row in found}
    return {
        (row["version"], int(row["end"])): (
            row["cells"],
            np.frombuffer(zlib.decompress(row["counts"]), "<i4").tolist(),
        )
        for row in found
    }


def test_scores_by_label_are_kept_of_windows_that_two_versions_share() -> None:
    """All of their labels in the end, and nothing of windows with one version."""
    log, rows = published()
    log.read().commit()
    of: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        place = int(np.searchsorted(binary.edges(256)[1:-1], row["score"], side="right")) + 1
        cells = of.setdefault((row["version"], int(row["minute"]) + 1), [0] * 516)
        cells[258 * row["label"] + place] += 1
    shared = [end for end in range(1, MINUTES + 1) if ("1", end) in of and ("2", end) in of]
    expected = {(version, end): ("scores", of[version, end]) for end in shared for version in "12"}
    assert expected == last(log)
    assert len(shared) > 10


def test_a_crash_changes_none_of_them() -> None:
    """Which windows are shared is known again of what is committed."""
    whole, again = published()[0].read().commit(), published()[0]
    again.read(batch=5, upto=70).commit().crash()
    again.read(batch=11).commit()
    assert whole.results() == again.results()


def test_classes_are_kept_as_a_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """By true and predicted class, with their names and all others."""
    events = [event(-60 + i / 100, seed=i, prediction="abc"[i % 3]) for i in range(300)]
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(from_events(events), "classes"))
    log, rows = published(CONFIGURATION.replace("binary", "multiclass"), prediction="abc")
    log.read().commit()
    found = last(log)
    names = json.loads(next(iter(found.values()))[0])
    for (version, end), (_, counts) in found.items():
        mine = [row for row in rows if row["version"] == version and int(row["minute"]) + 1 == end]
        pairs = Counter((names.index(row["label"]), names.index(row["prediction"])) for row in mine)
        size = len(names) + 1
        assert counts == [pairs[i, j] for i in range(size) for j in range(size)]
