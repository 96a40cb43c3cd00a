"""A model that MLflow has kept, as a folder on disk: what its signature says of features, and its input example.

Only files are read: `MLmodel` (YAML; its signature is JSON in a text) and what it names. Fetch one with
`mlflow artifacts download --artifact-uri models:/fraud@champion --dst-path DIR`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import yaml
from msgspec import Struct

from stream.config.settings import Model
from stream.files.paths import FileProblem, check
from stream.reference import ReferenceProblem, Table, from_columns, inferred_kind
from stream.reference.columns import Shared, of_documents

NAME: Final = "MLmodel"
KINDS: Final[Mapping[str, Literal["numeric", "categorical"]]] = {
    **dict.fromkeys(("double", "float", "integer", "long"), "numeric"),
    **dict.fromkeys(("string", "boolean"), "categorical"),
}
ROWS_MIN: Final = 200  # of an example: fewer say nothing about the cells of a grid
SHOWN: Final = 20


class _Column(Struct, frozen=True):
    type: str
    name: str = ""
    required: bool = True


@dataclass(frozen=True)
class Signed:
    """What a model was given. `left_out`: why a column of the signature is no feature here."""

    place: str
    features: Mapping[str, Literal["numeric", "categorical"]]
    required: frozenset[str]
    left_out: Mapping[str, str]
    about: Mapping[str, str]  # which model it is, for a trigger's `dataset_versions`
    example: Path | None

    def settings(self, model: Model, rows: Table) -> Model:
        """The settings of a model with those features that rows have. ReferenceProblem where it declares others."""
        wrong = [name for name, kind in model.features.items() if self.features.get(name) != kind]
        if wrong:
            known = self.features.get(wrong[0])
            said = f"says {known}" if known else f"does not have it ({_named(self.features)})"
            raise ReferenceProblem(f"feature {wrong[0]!r} is declared {model.features[wrong[0]]}; {self.place} {said}")
        features = {name: kind for name, kind in self.features.items() if name in rows.features}
        return model if model.features else msgspec.structs.replace(model, features=features)

    def table(self, rows: Table) -> Table:
        """Rows that are of this model. ReferenceProblem where they lack a feature, or have another kind of it."""
        there = rows.of(rows.models[0], self.place) if rows.models is not None and len({*rows.models}) == 1 else rows
        lacking = sorted(self.required - there.features.keys())
        if lacking:
            raise ReferenceProblem(f"the data lacks {', '.join(lacking[:SHOWN])}, which {self.place} requires")
        for name, kind in self.features.items():
            found = inferred_kind(there.features[name]) if name in there.features else kind
            if kind == "numeric" and found == "categorical":
                raise ReferenceProblem(f"{name!r} holds texts in the data; {self.place} says it is a number")
        return replace(rows, versions={**rows.versions, "mlflow": dict(self.about)})


def signed(folder: Path) -> Signed:
    """What a model's folder says. FileProblem where there is no model, or no signature of named columns."""
    path = folder / NAME if folder.is_dir() else folder
    check(path)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileProblem(f"{path} is no MLmodel file: {str(error).splitlines()[0]}") from None
    if not isinstance(document, dict) or "flavors" not in document:
        raise FileProblem(f"{path} is no MLmodel file: expected flavors and a signature")
    columns = _columns(path, document.get("signature"))
    features = {one.name: KINDS[one.type] for one in columns if one.type in KINDS}
    if not features:
        raise FileProblem(f"{path}: none of its inputs is a number, a text or a boolean")
    left_out = {one.name: f"of type {one.type}" for one in columns if one.type not in KINDS}
    required = frozenset(one.name for one in columns if one.required and one.name in features)
    names = {"model_id": "model_id", "model_uuid": "model_uuid", "run_id": "run_id"}
    about = {name: str(document[key]) for name, key in names.items() if document.get(key)}
    return Signed(str(path), features, required, left_out, about, _example(path.parent, document))


def _columns(path: Path, signature: object) -> list[_Column]:
    inputs = signature.get("inputs") if isinstance(signature, dict) else None
    if not isinstance(inputs, str):
        raise FileProblem(f"{path} has no signature: log the model with `signature=` or `input_example=`")
    try:
        said = msgspec.json.decode(inputs)
        columns = [_column(each) for each in said]
    except (msgspec.MsgspecError, TypeError) as error:
        raise FileProblem(f"{path}: its signature cannot be read: {error}") from None
    if any(not one.name for one in columns):
        raise FileProblem(f"{path}: its inputs have no names (a tensor?); a reference needs named columns")
    return columns


def _column(said: Any) -> _Column:  # noqa: ANN401 - JSON
    """An input. Of arrays, objects and tensors only the name matters: they are left out."""
    kind = said.get("type")
    return _Column(
        kind if isinstance(kind, str) else "object", str(said.get("name", "")), said.get("required") is not False
    )


def _example(folder: Path, document: Mapping[str, Any]) -> Path | None:
    said = document.get("saved_input_example_info")
    name = said.get("artifact_path") if isinstance(said, dict) else None
    if not isinstance(name, str) or not isinstance(said, dict) or said.get("pandas_orient") != "split":
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def example(model: Signed) -> Table:
    """The rows of its input example. FileProblem where it has none, or too few."""
    where = "name the data that it was trained on as SOURCE, and the model with --mlflow"
    if model.example is None:
        raise FileProblem(f"{model.place} has no input example of a table; {where}")
    try:
        said = msgspec.json.decode(model.example.read_bytes())
        names, rows = said["columns"], said["data"]
        documents = [dict(zip(names, row, strict=True)) for row in rows]
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise FileProblem(f"{model.example} is no table of MLflow's (columns and data): {error}") from None
    if len(documents) < ROWS_MIN:
        raise FileProblem(f"{model.example} has {len(documents)} rows, and a reference needs {ROWS_MIN}; {where}")
    return from_columns(of_documents(documents, Shared()))


def _named(features: Mapping[str, str]) -> str:
    return f"it has {', '.join(sorted(features)[:SHOWN])}"
