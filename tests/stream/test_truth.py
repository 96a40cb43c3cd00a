"""What a reference's labels teach, from a column of a flat file or from label events of a log."""

import dataclasses
import json
import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error

from detectors.estimation.basis import Basis
from detectors.performance.classes.binary import Binary, read
from stream import reference
from stream.answers.chosen import answers_of
from stream.config.settings import Model, Output
from stream.plan import Plan
from stream.reference import ReferenceProblem, Table, adopted
from stream.reference.columns import of_documents
from stream.taught.truth import LEAST, SEED, Truth
from tests.stream.reference_tables import of_columns, plan_of

BINARY = Model(output=Output(kind="binary"))


def answered(n: int, seed: int = 1) -> tuple[list[float], list[int], list[int]]:
    """Scores, decisions, labels."""
    dice = random.Random(seed)
    scores = [round(dice.random(), 6) for _ in range(n)]
    return scores, [int(score >= 0.5) for score in scores], [int(dice.random() < score**2) for score in scores]


def flat(n: int = LEAST, **more: list[Any]) -> Table:
    """A training file with predictions and labels."""
    scores, decided, labels = answered(n)
    return of_columns({"amount": list(range(n)), "score": scores, "prediction": decided, "label": labels} | more)


def log(n: int = LEAST, **changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """The same rows as events; labels come before and after their predictions."""
    scores, decided, labels = answered(n)
    told = [
        {"kind": "prediction", "id": f"a{i}", "model": "fraud", "version": "1", "time": i, "features": {"amount": i}}
        | {"score": scores[i], "prediction": decided[i]}
        for i in range(n)
    ]
    said = [
        {"kind": "label", "id": f"a{i}", "model": "fraud", "time": i, "label": labels[i]} | changes for i in range(n)
    ]
    return said[: n // 2] + told + said[n // 2 :]


def truth_of(events: list[dict[str, Any]]) -> Truth | None:
    """What a log teaches."""
    return plan_of(reference.from_columns(of_documents(events)), BINARY).truth


def test_a_flat_file_teaches_what_its_label_column_says() -> None:
    """Cells are those of realised performance, the basis is that of the scores."""
    truth = plan_of(flat(), BINARY).truth
    assert truth is not None
    assert truth.cells is not None
    scores, decided, labels = answered(LEAST)
    assert truth.n == LEAST
    assert truth.right / truth.n == pytest.approx(accuracy_score(labels, decided))
    confusion = read(Binary(), truth.cells).confusion[0]
    assert confusion.tolist() == np.histogram2d(labels, decided, 2)[0].ravel().tolist()
    assert truth.labelled is not None
    basis = expected(scores, labels)
    assert (
        truth.pack() == Truth(truth.answers, truth.n, truth.right, truth.cells, basis, labelled=truth.labelled).pack()
    )
    assert truth.labelled.outcome.tolist() == [2 * label + yes for label, yes in zip(labels, decided, strict=True)]
    assert truth.labelled.codes.shape == (1, LEAST)


def expected(scores: list[float], labels: list[int]) -> Basis:
    """The basis of all rows."""
    return Basis.of(np.array(scores), np.array(labels) == 1, SEED)


def test_a_log_teaches_the_same_as_a_flat_file() -> None:
    """Labels meet the predictions of their id, wherever they stand."""
    flatly, logged = plan_of(flat(), BINARY).truth, truth_of(log())
    assert flatly is not None
    assert logged is not None
    assert flatly.pack() == logged.pack()


def test_labels_are_corrected_retracted_and_said_twice() -> None:
    """By their times; of a repeated prediction the first counts, and each version has its own."""
    events: list[dict[str, Any]] = []
    for name, version, score in (("a", "1", 0.9), ("a", "2", 0.8), ("b", "1", 0.7), ("b", "1", 0.1), ("c", "1", 0.6)):
        about = {"model": "fraud", "id": name, "version": version, "time": 5, "score": score}
        events.append(about | {"kind": "prediction", "features": {"amount": score}})
    for name, time, label, does in (
        *(("a", 9, 0, "correct"), ("a", 1, 1, None), ("b", 1, 1, None), ("b", 2, 0, None)),
        *(("c", 1, 1, None), ("c", 2, None, "retract"), ("z", 1, 1, None)),
    ):
        events.append({"kind": "label", "model": "fraud", "id": name, "time": time, "label": label, "event": does})
    table = reference.from_columns(of_documents(events))
    assert table.labels is not None
    assert table.labels.tolist() == ["0", "0", "1", "", ""]


def test_a_plan_keeps_its_truth() -> None:
    """Through its bytes; a reference without labels has none, and its plan says nothing of it."""
    plan = plan_of(flat(), BINARY)
    again = Plan.load(plan.body)
    assert (plan.id, plan.body) == (again.id, again.body)
    assert len(plan.body) < 60_000
    assert plan_of(flat(label=[None] * LEAST), BINARY).truth is None
    assert b"truth" not in plan_of(flat(label=[None] * LEAST), BINARY).body


def test_a_saved_plan_whose_labels_were_counted_otherwise_is_refused() -> None:
    """Another class to look for, or another threshold, makes other cells."""
    plan = plan_of(flat(), BINARY)
    assert adopted(plan, "fraud", BINARY, since=0, source="x").truth is plan.truth
    with pytest.raises(ReferenceProblem, match="labels of x were counted as binary: '1'"):
        adopted(plan, "fraud", Model(output=Output(kind="binary", positive="yes")), since=0, source="x")


def test_few_labels_are_cells_and_no_basis() -> None:
    """What estimates would be worth has been measured from LEAST on."""
    truth = plan_of(flat(LEAST - 1), BINARY).truth
    assert truth is not None
    assert truth.basis is None
    assert truth.n == LEAST - 1


def test_numbers_are_neither_right_nor_wrong() -> None:
    """Their cells hold errors."""
    dice = random.Random(1)
    said = [dice.gauss(50, 9) for _ in range(200)]
    real = [one + dice.gauss(1, 2) for one in said]
    model = Model(output=Output(kind="regression"))
    plan = plan_of(of_columns({"amount": said, "prediction": said, "label": real}), model)
    answers = answers_of(model, plan)
    assert plan.truth is not None
    assert plan.truth.cells is not None
    assert answers is not None
    assert (plan.truth.right, plan.truth.basis) == (-1, None)
    mae = answers.measure(plan.truth.cells)["mae"].value[0]
    assert mae == pytest.approx(mean_absolute_error(real, said), abs=1e-6)


def numbered(n: int = LEAST) -> Plan:
    """A regression whose errors grow with one of thirty inputs."""
    dice = random.Random(3)
    inputs = {f"x{i}": [dice.gauss(0, 1) for _ in range(n)] for i in range(30)}
    said = [10 + 2 * one for one in inputs["x0"]]
    real = [one + dice.gauss(0, 1) * 2**x for one, x in zip(said, inputs["x7"], strict=True)]
    columns = inputs | {"country": ["FR", "DE"] * (n // 2), "latency_ms": inputs["x1"]}
    return plan_of(of_columns(columns | {"prediction": said, "label": real}), Model(output=Output(kind="regression")))


def test_labels_of_numbers_teach_how_large_errors_are_by_which_inputs() -> None:
    """The answer and what tells most are among them; the same through the bytes of the plan, which stay few."""
    plan = numbered()
    assert plan.truth is not None
    losses = plan.truth.losses
    assert losses is not None
    names = [plan.grid.columns[one.column] for one in losses.inputs]
    assert names[:2] == ["output:prediction", "x7"]
    again = Plan.load(plan.body)
    assert (plan.id, plan.body) == (again.id, again.body)
    assert again.truth is not None
    assert again.truth.losses is not None
    told, retold = (each.estimate(plan.reference, 100, 0.95) for each in (losses, again.truth.losses))
    assert told == retold
    assert len(dataclasses.replace(plan.truth, labelled=None).pack()) < 80_000
    assert told["mae"].value[0] == pytest.approx(losses.known("mae").mean, rel=1e-4)


def test_what_was_learned_before_tails_were_kept_is_read() -> None:
    """Its intervals lean nowhere; all else is as it was."""
    truth = numbered().truth
    assert truth is not None
    assert truth.losses is not None
    document = truth.document()
    document["losses"]["models"] = {name: one[:6] for name, one in document["losses"]["models"].items()}
    older = Truth.load(json.loads(json.dumps(document))).losses
    assert older is not None
    now, then = (each.estimate(numbered().reference, 100, 0.95)["mse"] for each in (truth.losses, older))
    assert (now.value, now.error) == (then.value, then.error)
    assert document == Truth.load(document).document(), "plans are known by a hash of it"
    assert now.high[0] > then.high[0]


def test_one_number_too_great_overflows_nothing() -> None:
    """The reference's scale is its, and squares of errors would be infinite: they are cut, and all is finite."""
    dice, model = random.Random(4), Model(output=Output(kind="regression"))
    said = [1e300, *(dice.gauss(50, 9) for _ in range(LEAST))]
    real = [one + dice.gauss(1, 2) for one in said[:-1]] + [-1e300]
    plan = plan_of(of_columns({"amount": said, "prediction": said, "label": real}), model)
    answers = answers_of(model, plan)
    assert plan.truth is not None
    assert plan.truth.cells is not None
    assert plan.truth.losses is not None
    assert answers is not None
    assert np.isfinite(answers.measure(plan.truth.cells)["mae"].value[0])
    found = plan.truth.losses.estimate(plan.reference, 100, 0.95)
    assert all(np.isfinite([one.value[0], one.low[0], one.high[0]]).all() for one in found.values())


def test_few_labels_of_numbers_teach_nothing() -> None:
    """What estimates would be worth has been measured from LEAST on."""
    plan = numbered(LEAST - 2)
    assert plan.truth is not None
    assert plan.truth.losses is None


def test_a_declared_label_is_a_feature() -> None:
    """Somebody who watches it as an input means something else by it."""
    model = Model(features={"label": "numeric"}, output=Output(kind="binary"))
    assert plan_of(flat(), model).truth is None
    assert json.loads(plan_of(flat(), model).body)["grid"]
