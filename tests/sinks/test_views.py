"""Views for people, export, and the page that describes the tables."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from sinks.commit import BY_NAME, CHECKPOINTS, DRIFT, TABLES, Commit, StoreFailed, columns
from sinks.duck import DuckStore, export
from sinks.duck.document import document
from sinks.duck.views import VIEWS, View
from tests.sinks.rows import commit, plain, rows

HOUR_NS = 3_600_000_000_000
TABLES_PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def distances(*windows: tuple[str, int, int, float]) -> Commit:
    """A Commit of windows: feature, length in hours, end in hours since 1970, evidence, of which 4 is asked for."""
    n = len(windows)
    feature, length, end, evidence = zip(*windows, strict=True)
    filled = {name: array.repeat(n) for name, array in rows(DRIFT, np.random.default_rng(1), 1).items()}
    chosen: dict[str, list[object] | np.ndarray] = {
        "model": ["fraud"] * n,
        "version": ["3"] * n,
        "segment": [""] * n,
        "feature": list(feature),
        "length": np.array(length) * HOUR_NS,
        "end": np.array(end, "datetime64[h]"),
        "evidence": np.array(evidence),
        "evidence_limit": [4.0] * n,
        "verdict": ["drift" if value > 4 else "ok" for value in evidence],
    }
    return Commit(1, {"distances": columns(DRIFT, {**filled, **chosen})})


def answers(duck: DuckStore, sql: str) -> list[tuple[object, ...]]:
    """Rows of a query beside the writer."""
    with duck.cursor() as cursor:
        return cursor.execute(sql).fetchall()


def test_drift_reads_like_a_sentence(duck: DuckStore) -> None:
    """Lengths compare with words, and `excess` is a multiple of what is asked for."""
    duck.write(distances(("amount", 1, 5, 12), ("amount", 24, 24, 2)))
    question = "SELECT feature, hour(\"end\"), round(excess, 6), verdict FROM drift WHERE length = '1h'"
    assert answers(duck, question) == [("amount", 5, 3.0, "drift")]


def test_latest_has_the_newest_window_of_each_feature_and_length(duck: DuckStore) -> None:
    """A feature that stopped coming keeps its last window."""
    duck.write(distances(("amount", 1, 4, 3), ("amount", 1, 5, 2), ("gone", 1, 4, 0), ("amount", 24, 24, 5)))
    question = 'SELECT feature, evidence FROM latest ORDER BY feature, "length"'
    assert answers(duck, question) == [("amount", 2.0), ("amount", 5.0), ("gone", 0.0)]


@pytest.mark.parametrize(
    ("view", "expected"),
    [(VIEWS[0], [("amount", 3.0), ("country", 2.0)]), (VIEWS[1], [("fraud", 1, 2)])],
    ids=[view.name for view in VIEWS],
)
def test_the_examples_of_the_page_answer(duck: DuckStore, view: View, expected: list[tuple[object, ...]]) -> None:
    """What the page tells people to ask works as written."""
    duck.write(
        distances(
            ("country", 1, 5, 8),
            ("amount", 1, 5, 12),
            ("calm", 1, 5, 2),
            ("amount", 24, 24, 12),
            ("calm", 24, 24, 2),
        )
    )
    assert expected == [row[-len(expected[0]) :] for row in answers(duck, view.example)]


def test_json_in_bytes_can_be_asked_in_sql(duck: DuckStore) -> None:
    """As the page says: decode, then JSON."""
    duck.write(Commit(1, {"checkpoints": columns(CHECKPOINTS, {"name": ["a"], "body": [b'{"key": "value"}']})}))
    assert answers(duck, "SELECT decode(body)::JSON->>'$.key' FROM checkpoints") == [("value",)]


def test_the_page_of_tables_is_the_declarations() -> None:
    """`python -m sinks.duck.document` writes it."""
    assert document() == TABLES_PAGE.read_text(encoding="utf-8")


def test_export_writes_what_select_shows(duck: DuckStore, tmp_path: Path) -> None:
    """One Parquet file per table, and no other file; a second export replaces the first."""
    folder = tmp_path / "an export's folder"
    for number in (1, 2):
        duck.write(commit(number, np.random.default_rng(number)))
        files = export(duck, folder)
    assert [folder / f"{table.name}.parquet" for table in TABLES] == files
    assert sorted(path.name for path in files) == sorted(path.name for path in folder.iterdir())
    for table, path in zip(TABLES, files, strict=True):
        shown = {name: len(array) for name, array in duck.select(table).items()}
        ((n,),) = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()
        assert {n} == set(shown.values())


def test_exported_values_are_the_stored_ones(duck: DuckStore, tmp_path: Path) -> None:
    """Text, bytes, times and numbers survive the way through Parquet; undefined floats are NULL."""
    duck.write(commit(1, np.random.default_rng(1)))
    (path,) = export(duck, tmp_path, ["distances"])
    with duck.cursor() as cursor:
        names = ", ".join(f'"{name}"' for name in ("commit", *(column.name for column in DRIFT.columns)))
        read = cursor.execute(f"SELECT {names} FROM '{path}'").fetchnumpy()
    filled = {name: np.ma.filled(array, np.nan) if array.dtype.kind == "f" else array for name, array in read.items()}
    assert sorted(map(repr, plain(duck.select(DRIFT)))) == sorted(map(repr, plain(filled)))


def test_export_refuses_an_unknown_table_by_name(duck: DuckStore, tmp_path: Path) -> None:
    """The user's mistake: it says which tables there are."""
    with pytest.raises(ValueError, match=f"no such table: driftz; there are {', '.join(BY_NAME)}"):
        export(duck, tmp_path, ["driftz"])


def test_export_into_what_is_no_folder_fails_and_leaves_nothing(duck: DuckStore, tmp_path: Path) -> None:
    """The world's fault, with the path in the sentence."""
    (tmp_path / "occupied").write_text("here", encoding="utf-8")
    with pytest.raises(StoreFailed, match="occupied"):
        export(duck, tmp_path / "occupied")
    assert (tmp_path / "occupied").read_text(encoding="utf-8") == "here"
