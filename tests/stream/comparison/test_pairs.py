"""Which columns of two files are compared, as what, and what is said of the others."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from detectors.conventions import CONVENTIONS
from stream.comparison import Side, by_convention, own, paired
from stream.comparison.shapes import changes, shape
from stream.files import integers, table
from stream.reference import ReferenceProblem, from_columns


def side(file: str = "a", /, **columns: list[object] | np.ndarray) -> Side:
    """Columns in memory."""
    from stream.reference.columns import column

    return Side(
        file,
        from_columns(
            {
                key: column(values.tolist() if isinstance(values, np.ndarray) else list(values))
                for key, values in columns.items()
            }
        ),
        None,
    )


def read(path: Path) -> Side:
    """A file."""
    return Side(path.name, table(path), integers(path))


def test_identifiers_events_fields_and_new_columns_are_left_out() -> None:
    """Each with its reason; what is asked for is compared all the same."""
    names = [f"id {i}" for i in range(200)]
    before = side(x=range(200), name=names, model=["m"] * 200)
    now = side("b", x=range(200), name=names, fresh=range(200))
    pairs = paired(before, now)
    assert ["x"] == [*pairs.columns]
    assert {"name", "model", "fresh"} == pairs.left_out.keys()
    assert "identifier" in pairs.left_out["name"]
    assert {"name": "categorical"} == {name: pair.kind for name, pair in paired(before, now, ["name"]).columns.items()}


def test_a_feature_that_is_not_there_is_a_sentence() -> None:
    """With the name that was meant."""
    with pytest.raises(ReferenceProblem, match="has no feature 'amout'; did you mean 'amount'"):
        paired(side(amount=[1.0] * 60), side(amount=[1.0] * 60), ["amout"])


def test_files_that_have_no_column_in_common_are_not_compared() -> None:
    """Else every feature of the wrong file would have drifted."""
    with pytest.raises(ReferenceProblem, match="b has no column of a that is compared; its columns: y, z"):
        paired(side(x=range(100)), side("b", y=range(100), z=range(100)))


def test_a_column_that_is_gone_is_missing_in_every_row() -> None:
    """So it drifted, and says why."""
    pairs = paired(side(x=range(100), y=range(100)), side("b", x=range(100)))
    ours = own(pairs)
    assert ("y",) == ours.judged.dataset.drifted_features
    assert ["missing went from 0 % to 100 %"] == changes(ours.counted["y"])


def test_a_feature_that_turns_from_integer_to_text_drifted() -> None:
    """Its values are of the wrong type; other tools find no value there."""
    pairs = paired(side(x=range(100)), side("b", x=[f"{i}" for i in range(100)]))
    ours = own(pairs)
    assert ("x",) == ours.judged.dataset.drifted_features
    assert ["wrong type went from 0 % to 100 %"] == changes(ours.counted["x"])
    assert "no values" in str(by_convention(CONVENTIONS["evidently"], pairs, ["ks"]).features["x"]["ks"].problem)


def test_few_values_have_no_verdict() -> None:
    """Whatever they look like."""
    ours = own(paired(side(x=range(40)), side("b", x=range(1000, 1040))))
    assert not ours.judged.dataset.drifted
    assert {None} == {score.drifted for score in ours.judged.features["x"].values()}
    assert "unknown: fewer than 50 values on one side" == ours.judged.features["x"]["verdict"].problem


def test_equal_files_seldom_differ() -> None:
    """At most 1 in 100 pairs, over all their features."""
    chance = np.random.default_rng(9)
    drifted = 0
    for _ in range(100):
        before, now = (
            side(**{f"x{i}": chance.normal(0, 1, n) for i in range(5)}, c=chance.choice(["a", "b", "c"], n))
            for n in (600, 400)
        )
        drifted += own(paired(before, now), tolerate=0.0).judged.dataset.drifted
    assert drifted <= 3


def test_integers_are_what_the_file_says(tmp_path: Path) -> None:
    """By type in Parquet and CSV, by value in JSON lines; a gap makes them floats, as in data frames."""
    rows = [{"whole": i % 5, "real": float(i % 5), "gap": None if i == 3 else i % 5} for i in range(100)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = "(i % 5)::INT AS whole, (i % 5)::DOUBLE AS real, CASE WHEN i <> 3 THEN (i % 5)::INT END AS gap"
    written = "".join(f"{i % 5},{i % 5}.0,{'' if i == 3 else i % 5}\n" for i in range(100))
    (tmp_path / "x.csv").write_text("whole,real,gap\n" + written)
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {columns} FROM range(100) t(i)) TO '{tmp_path}/x.parquet'")
    found = {}
    for ending in ("parquet", "csv", "jsonl"):
        one = read(tmp_path / f"x.{ending}")
        found[ending] = [name for name, pair in paired(one, one).columns.items() if all(pair.integers)]
    assert {"parquet": ["whole"], "csv": ["whole"], "jsonl": ["real", "whole"]} == found


def test_integers_beyond_64_bits_are_floats(tmp_path: Path) -> None:
    """As integers all of them would be the same one, and a tool would see no change."""
    for name, factor in (("a", 1), ("b", 2)):
        rows = [{"x": factor * (10**30 + i * 10**27)} for i in range(200)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        with duckdb.connect() as connection:  # 2**63 and more fit into an unsigned column
            values = f"(9223372036854775808 + {factor - 1} * 1000000000000000000 + i)::UBIGINT"
            connection.execute(f"COPY (SELECT {values} AS x FROM range(200) t(i)) TO '{tmp_path}/{name}.parquet'")
    for ending in ("jsonl", "parquet"):
        pairs = paired(read(tmp_path / f"a.{ending}"), read(tmp_path / f"b.{ending}"))
        assert by_convention(CONVENTIONS["evidently"], pairs).dataset.drifted


def test_truths_are_told_from_texts(tmp_path: Path) -> None:
    """With gaps or without: some tools take them for numbers."""
    (tmp_path / "x.csv").write_text("flag,gap,word\n" + "True,true,yes\nFalse,,no\n" * 60)
    one = read(tmp_path / "x.csv")
    chosen = by_convention(CONVENTIONS["whylogs"], paired(one, one)).features
    assert {"flag": ["ks"], "gap": ["ks"], "word": ["chi-square"]} == {name: [*found] for name, found in chosen.items()}


def test_what_moved_is_told_as_ranges() -> None:
    """Of neighbouring cells together."""
    chance = np.random.default_rng(2)
    before = chance.uniform(0, 100, 4000)
    now = np.where(chance.random(4000) < 0.2, chance.uniform(90, 100, 4000), chance.uniform(0, 100, 4000))
    assert "89.43 and above: 10.8 % to 29.1 %" in changes(own(paired(side(x=before), side("b", x=now))).counted["x"])


def test_shapes_hold_all_values_once() -> None:
    """Shares sum to one on either side, whatever lies far out."""
    pairs = paired(side(x=[*range(100), 1e300], c=["a", "b"] * 50), side("b", x=[-1e300, 5.0], c=["z", "a"]))
    for pair in pairs.columns.values():
        drawn = shape(pair)
        assert len(drawn.names) == len(drawn.reference) == len(drawn.current)
        assert drawn.reference.sum() == pytest.approx(1)
        assert drawn.current.sum() == pytest.approx(1)
