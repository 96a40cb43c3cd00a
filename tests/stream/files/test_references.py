"""Reference files: what comes in from each kind of file, and what is said where nothing can."""

import gzip
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectors.codes import MISSING, NOT_FINITE
from stream import files, reference
from stream.config.settings import Limits, Model
from stream.encodings.schema import WRONG
from stream.files import FileProblem
from stream.plan import Plan
from stream.reference.columns import Columns
from tests.stream.files.events import events, flat, lines, parquet, write

EVENTS = events()
MODEL = Model(segments=("country",))


def plan(table: reference.Table) -> Plan:
    """The plan of a table, its source left unsaid."""
    return reference.plan("fraud", table, MODEL, Limits(), since=0, source="rows")


def listed(columns: Columns, name: str) -> list[object]:
    """A column as a list, with words for the NaNs."""
    words = {_bits(MISSING): "missing", _bits(NOT_FINITE): "not finite"}
    values = columns[name]
    assert isinstance(values, np.ndarray)
    return [words.get(_bits(value), value) if isinstance(value, float) else value for value in values.tolist()]


def _bits(value: float) -> bytes:
    return np.float64(value).tobytes()


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.jsonl.gz", "a.parquet"])
def test_a_file_of_events_gives_the_plan_of_the_events(name: str, tmp_path: Path) -> None:
    """Whatever the kind of file, the same events have the same plan as when they came as a sample."""
    expected = plan(reference.from_events(lines(EVENTS)))
    actual = plan(files.table(write(tmp_path / name, EVENTS)))
    assert expected.body == actual.body


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.csv.gz", "a.parquet"])
def test_a_flat_file_gives_the_plan_of_the_events(name: str, tmp_path: Path) -> None:
    """Columns instead of objects make no difference, and a CSV file's lack of types none either."""
    expected = plan(reference.from_events(lines(EVENTS)))
    actual = plan(files.table(write(tmp_path / name, flat(EVENTS))))
    assert expected.body == actual.body


def test_csv_cells_are_numbers_where_a_column_is_one(tmp_path: Path) -> None:
    """Numbers with gaps are numbers, leading zeros are names, a few broken cells stay visible among numbers."""
    path = tmp_path / "a.csv"
    broken = "\n".join(
        f"{i},0{i},{'oops' if i == 3 else i / 2},{i % 2 == 0},{'nan' if i == 1 else ''}" for i in range(40)
    )
    path.write_text(f"n,zip,mixed,flag,odd\n{broken}\n9,07,1,true,2\n", encoding="utf-8")
    columns = files.columns(path)
    assert ["missing", "not finite", "missing"] == listed(columns, "odd")[:3]
    assert [0.0, 1.0, 2.0] == listed(columns, "n")[:3]
    assert ["00", "01", "02"] == listed(columns, "zip")[:3]
    assert [0.0, 0.5, 1.0, "oops"] == listed(columns, "mixed")[:4]
    assert [True, False, True] == listed(columns, "flag")[:3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_file_is_the_one_of_its_header(delimiter: str, tmp_path: Path) -> None:
    """Names may hold quotes and the other delimiters; lines may end in CR LF; a byte order mark is no part."""
    path = tmp_path / ("a.tsv" if delimiter == "\t" else "a.csv")
    names = ['"net, of; tax|\tin ""EUR"""', "A", "a"]
    path.write_bytes(b"\xef\xbb\xbf" + f"{delimiter.join(names)}\r\n{delimiter.join('123')}\r\n".encode())
    columns = files.columns(path)
    assert {'net, of; tax|\tin "EUR"': [1.0], "A": [2.0], "a": [3.0]} == {k: listed(columns, k) for k in columns}


def test_parquet_types_become_what_events_would_hold(tmp_path: Path) -> None:
    """Numbers of every width are doubles, times are RFC 3339 in UTC, and what no feature can be is of a wrong type."""
    query = """
        SELECT 1.25::DECIMAL(9, 2) AS price, 10::HUGEINT AS big, 7::UTINYINT AS small,
            'nan'::FLOAT AS nan, '-inf'::DOUBLE AS low,
            DATE '2026-11-20' AS day, TIMESTAMP '2026-11-20 17:00:00.123' AS naive,
            TIMESTAMPTZ '2026-11-20 17:00:00.000001+01' AS zoned, [1, 2] AS list, 'x'::BLOB AS bytes, true AS flag,
            'b'::ENUM ('a', 'b') AS choice, {'x': {'y': 1}} AS features, NULL AS nothing
        UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    """
    columns = files.columns(parquet(tmp_path / "a.parquet", query))
    assert {
        "price": [1.25, "missing"],
        "big": [10.0, "missing"],
        "small": [7.0, "missing"],
        "nan": ["not finite", "missing"],
        "low": [-math.inf, "missing"],
        "day": ["2026-11-20", None],
        "naive": ["2026-11-20T17:00:00.123Z", None],
        "zoned": ["2026-11-20T16:00:00.000001Z", None],
        "list": [WRONG, None],
        "bytes": [WRONG, None],
        "flag": [True, None],
        "choice": ["b", None],
        "nothing": ["missing", "missing"],
    } == {name: listed(columns, name) for name in columns if name != "features"}
    assert {"x": [WRONG, None]} == {name: list(values) for name, values in columns["features"].items()}  # type: ignore[union-attr]  # a struct


def test_json_lines_say_what_events_say(tmp_path: Path) -> None:
    """Texts like dates stay texts, letter case counts, NaN is not the same as missing, empty lines are nothing."""
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"day": "2026-11-20", "a": 1, "A": NaN}\n\n  \n{"a": "one", "A": null, "list": [1]}', encoding="utf-8"
    )
    columns = files.columns(path)
    assert {
        "day": ["2026-11-20", None],
        "a": [1, "one"],
        "A": ["not finite", "missing"],
        "list": [None, WRONG],
    } == {name: listed(columns, name) for name in columns}


def test_chunks_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read three lines at a time, a file has the columns that it has when read at once."""
    path = write(tmp_path / "a.jsonl", [*EVENTS[:40], {"model": "fraud", "features": {"amount": "broken", "late": 1}}])
    expected = plan(files.table(path))
    monkeypatch.setattr("stream.files.references.CHUNK", 3)
    assert expected.body == plan(files.table(path)).body


def test_equal_texts_are_one_object(tmp_path: Path) -> None:
    """A text that occurs in many rows takes the memory of one."""
    values = files.columns(parquet(tmp_path / "a.parquet", "SELECT 'category ' || i % 3 AS x FROM range(1000) t(i)"))[
        "x"
    ]
    assert 3 == len({id(value) for value in values})


def test_a_path_is_no_pattern(tmp_path: Path) -> None:
    """Brackets and stars in a file's name mean themselves, though another file would match them."""
    write(tmp_path / "a1.parquet", [{"x": 1}])
    write(tmp_path / "a1.csv", [{"x": 1}])
    (tmp_path / "a[1]'s.csv").write_text("x\n2\n", encoding="utf-8")
    assert [2.0] == listed(files.columns(tmp_path / "a[1]'s.csv"), "x")


def test_parquet_columns_have_the_names_of_the_file(tmp_path: Path) -> None:
    """DuckDB tells names apart without regard to case, and would call the second `age_1`; structs do not confuse it."""
    path = tmp_path / "a.parquet"
    nested = pa.array([{"b": {"c": 1, "d": 2}, "e": 3}])
    pq.write_table(pa.table([nested, pa.array([1.0]), pa.array([2.0])], names=["a", "Age", "age"]), path)
    assert ([1.0], [2.0]) == (listed(files.columns(path), "Age"), listed(files.columns(path), "age"))
    pq.write_table(pa.table([nested, pa.array([1.0]), pa.array([2.0])], names=["a", "age", "age"]), path)
    with pytest.raises(FileProblem, match="has several columns 'age'"):
        files.columns(path)


GZIPPED = gzip.compress(b'{"a": 1}\n' * 100, mtime=0)  # the same bytes for every process


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"x", "its name must end in .parquet, .csv"),
        ("a.parquet", b"", "is empty"),
        ("a.parquet", b"no parquet at all", "cannot be read: "),
        ("a.csv", b"a,b\n", "has no rows"),
        ("a.csv", b"a,,c\n1,2,3\n", "the first line must name every column"),
        ("a.csv", b"a,b,a\n1,2,3\n", "has several columns 'a'"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "CSV Error on Line: 3"),
        ("a.csv", "a,b\né,1\n".encode("latin-1"), "not utf-8 encoded"),
        ("a.csv.gz", b"no gzip", "is no whole gzip file"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is no JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1 is a JSON list; expected one object per line"),
        ("a.jsonl", b"\n \n", "has no rows"),
        ("a.jsonl", b"{}\n", "has no columns"),
        ("a.jsonl.gz", GZIPPED[:-12], "is no whole gzip file"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    """A file that holds no reference names itself and what is wrong with it."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileProblem) as problem:
        files.columns(path)
    assert [True, True] == [str(path) in str(problem.value), said in str(problem.value)], problem.value


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    """A name that is nearly right is offered; a folder is refused."""
    write(tmp_path / "train.parquet", [{"x": 1}])
    with pytest.raises(FileProblem, match=r"trian\.parquet does not exist; did you mean train\.parquet\?$"):
        files.columns(tmp_path / "trian.parquet")
    with pytest.raises(FileProblem, match="does not exist, nor does its folder"):
        files.columns(tmp_path / "none" / "train.parquet")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileProblem, match="is a folder"):
        files.columns(tmp_path / "folder.csv")


def test_a_saved_plan_is_read_like_any_reference(tmp_path: Path) -> None:
    """The plan that was written comes back as it was, and a name that would not be recognised is refused."""
    built = plan(reference.from_events(lines(EVENTS)))
    files.write_plan(built, tmp_path / "fraud.driftline.json")
    assert built.body == plan(files.table(tmp_path / "fraud.driftline.json")).body
    assert ["fraud.driftline.json"] == [path.name for path in tmp_path.iterdir()]
    with pytest.raises(FileProblem, match=r"must end in \.driftline\.json"):
        files.write_plan(built, tmp_path / "fraud.json")
    with pytest.raises(FileProblem, match="cannot be written"):
        files.write_plan(built, tmp_path / "none" / "fraud.driftline.json")


def test_a_reference_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    """The monitor gets the rows and a digest, which changes with the content and not with the name."""
    first, same, other = (write(tmp_path / f"{i}.jsonl", EVENTS[: 20 + i // 2]) for i in range(3))
    digests = [files.reference_file(path).digest for path in (first, same, other)]
    assert digests[0] == digests[1]
    assert digests[1] != digests[2]
    assert files.reference_file(str(other)).table.n == 21
