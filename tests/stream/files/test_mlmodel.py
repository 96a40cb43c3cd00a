"""A model that MLflow has kept says which columns are features, and whose data a reference is of."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from stream.cli.references import built
from stream.files import FileProblem
from stream.files.mlmodel import signed
from stream.monitor.acting.triggers import versions
from stream.plan import is_feature
from stream.reference import ReferenceProblem

# What mlflow 3.17.2 writes, without its flavors' own words.
INPUTS = [
    {"type": "double", "name": "amount", "required": True},
    {"type": "string", "name": "country", "required": True},
    {"type": "long", "name": "age", "required": False},
    {"type": "datetime", "name": "since", "required": True},
]
ABOUT = {"model_id": "m-77", "run_id": "5f3c"}
ROWS = "amount,country,label\n" + "".join(f"{i % 17},{'FR' if i % 3 else 'DE'},{i % 2}\n" for i in range(300))


def model(folder: Path, rows: int = 5, **changes: object) -> Path:
    """A folder with a model and its input example."""
    folder.mkdir(exist_ok=True)
    document = {
        "flavors": {"python_function": {"loader_module": "mlflow.sklearn"}},
        "mlflow_version": "3.17.2",
        **ABOUT,
        "signature": {"inputs": json.dumps(INPUTS), "outputs": '[{"type": "long", "required": true}]', "params": None},
        "saved_input_example_info": {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "type": "dataframe",
        },
        **changes,
    }
    (folder / "MLmodel").write_text(yaml.safe_dump(document))
    data = [[i / 7, "FR" if i % 3 else "DE", i % 50, "2026-01-01"] for i in range(rows)]
    example = {"columns": ["amount", "country", "age", "since"], "data": data}
    (folder / "input_example.json").write_text(json.dumps(example))
    return folder


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """The data that it was trained on."""
    path = tmp_path / "train.csv"
    path.write_text(ROWS)
    return path


def test_the_signature_says_what_the_features_of_the_data_are(tmp_path: Path, train: Path) -> None:
    """The label is none of them; one that is not required may be missing; the trigger says which model it was."""
    plan = built(train, "fraud", None, model(tmp_path / "model"))
    assert ["amount", "country"] == sorted(name for name in plan.grid.columns if is_feature(name))
    assert ("amount",) == plan.grid.numeric
    assert () == plan.inferred
    assert "file train.csv, of the MLflow model model_id m-77 run_id 5f3c" == plan.source
    assert (ABOUT, False) == ((found := versions(plan)).mlflow, found.missing)


def test_an_example_with_enough_rows_is_a_reference(tmp_path: Path) -> None:
    """With five it is not: what to do instead is said."""
    plan = built(model(tmp_path / "much", rows=250), "fraud", None)
    assert ({"amount", "age"}, 250) == ({*plan.grid.numeric}, plan.n_reference)
    assert plan.source.startswith("the input example, of the MLflow model")
    with pytest.raises(FileProblem, match="has 5 rows, and a reference needs 200; name the data"):
        built(model(tmp_path / "few"), "fraud", None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signature": None}, "has no signature"),
        ({"signature": {"inputs": "["}}, "its signature cannot be read"),
        ({"signature": {"inputs": '[{"type": "tensor", "tensor-spec": {}}]'}}, "inputs have no names"),
        ({"signature": {"inputs": '[{"type": "binary", "name": "image"}]'}}, "none of its inputs is a number"),
        ({"flavors": None, "saved_input_example_info": {"artifact_path": "/etc/passwd"}}, ""),
    ],
)
def test_what_is_no_model_of_columns_is_told_so(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    """With the file that it stands in; nothing outside of the folder is read."""
    folder = model(tmp_path / "model", **changes)
    if not why:
        assert signed(folder).example is None
        return
    with pytest.raises(FileProblem, match=why):
        signed(folder)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_text("amount\n1\n2\n"), "the data lacks country, which"),
        (lambda path: path.write_text("amount,country\n" + "x,FR\ny,DE\n" * 150), "'amount' holds texts"),
    ],
)
def test_data_of_another_model_is_refused(
    tmp_path: Path, train: Path, make: Callable[[Path], object], why: str
) -> None:
    """By what it lacks, or by what it holds."""
    make(train)
    with pytest.raises(ReferenceProblem, match=why):
        built(train, "fraud", None, model(tmp_path / "model"))


def test_a_configuration_that_declares_other_features_is_refused(tmp_path: Path, train: Path) -> None:
    """One of another kind, or one that the model was never given."""
    for declared, why in (("{country: numeric}", "says categorical"), ("{city: categorical}", "does not have it")):
        file = tmp_path / "driftline.yaml"
        file.write_text(f"models: {{fraud: {{features: {declared}}}}}")
        with pytest.raises(ReferenceProblem, match=why):
            built(train, "fraud", file, model(tmp_path / "model"))
