"""The same rows in every form: as events, as flat rows, and in files of all kinds."""

import gzip
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

Row = Mapping[str, Any]


def events(n: int = 600, seed: int = 7) -> list[dict[str, Any]]:
    """Predictions whose features are of every kind: numbers with gaps, classes, truth values, names, nothing at all."""
    dice = random.Random(seed)
    return [
        {
            "id": f"e{i}",
            "kind": "prediction",
            "model": "fraud",
            "version": "3",
            "time": f"2026-11-20T17:{i // 60 % 60:02d}:{i % 60:02d}.{i % 1000:03d}Z",
            "features": {
                "amount": round(dice.lognormvariate(3, 1), 2) if dice.random() > 0.05 else None,
                "items": dice.randrange(9),
                "country": dice.choice(["FR", "DE", "IT", None]),
                "returning": dice.random() < 0.3,
                "customer": f"customer-{i}",
                "constant": 1,
                "zip": f"0{dice.randrange(5)}",
                "nothing": None,
            },
            "score": dice.random(),
            "prediction": dice.randrange(2),
            "latency_ms": round(dice.expovariate(0.1), 1),
            "status": "ok" if dice.random() > 0.1 else "timeout",
            "segments": {"site": dice.choice(["paris", "rome"])},
        }
        for i in range(n)
    ]


def lines(rows: Sequence[Row]) -> list[bytes]:
    """The rows as JSON, one text each."""
    return [json.dumps(row).encode() for row in rows]


def flat(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows without objects: features are columns, segments are left out."""
    return [
        {key: value for key, value in row.items() if key not in {"features", "segments"}} | row["features"]
        for row in rows
    ]


def write(path: Path, rows: Sequence[Row]) -> Path:
    """A file of these rows, of the kind that its name says."""
    text = b"\n".join(lines(rows)) + b"\n"
    if path.name.endswith((".parquet", ".csv", ".csv.gz")):
        source = path.with_name(path.name + ".rows")
        source.write_bytes(text)
        with duckdb.connect() as connection:  # texts stay texts, so that files hold what the events say
            connection.execute(
                f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', maximum_depth=-1, "
                f"dateformat='-', timestampformat='-')) TO '{path}'"
            )
        source.unlink()
    else:
        path.write_bytes(gzip.compress(text) if path.name.endswith(".gz") else text)
    return path


def parquet(path: Path, query: str) -> Path:
    """A Parquet file of a query's rows."""
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path
