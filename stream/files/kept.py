"""What a store says of a stream, read from its exported tables: the journal, and what the last Commit has left."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sinks.commit import CHECKPOINTS, JOURNAL, POSITIONS
from stream.counting.clocks import Mark
from stream.files.captures import journal
from stream.files.database import database, literal
from stream.files.paths import FileProblem
from stream.lives import Entry, Left
from stream.monitor.checkpoint import closed


class Kept(NamedTuple):
    """Of one moment."""

    commit: int
    journal: list[Entry]
    left: Left


def kept(tables: Mapping[str, Path]) -> Kept:
    """What the tables say, by their names. FileProblem where the store is empty."""
    path = tables[CHECKPOINTS.name]
    with database(path) as connection:
        states = connection.execute(f'SELECT "commit", body FROM read_parquet({literal(path)})').fetchall()  # noqa: S608
        if not states:
            raise FileProblem("the store has no Commit yet: there is nothing to capture")
        ((commit, state),) = states
        query = f'SELECT * EXCLUDE ("commit") FROM read_parquet({literal(tables[POSITIONS.name])})'  # noqa: S608
        marks = {
            (topic, partition): (Mark(*numbers[:4]), Mark(*numbers[4:]))
            for topic, partition, *numbers in connection.execute(query).fetchall()
        }
        return Kept(commit, journal(connection, tables[JOURNAL.name]), Left(marks, closed(state)))
