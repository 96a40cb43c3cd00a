"""Since when, and why: what the page says of a finding."""

from datetime import UTC, datetime

import numpy as np
import pytest

from sinks.commit import FINDINGS
from stream.web.answers import Cell, Finding, answers
from stream.web.page.origin import origin
from tests.stream.web.rollout import committed, rollout

MISSING = Cell("missing", 0.01, 0.31, 0.9)
VALUES = Cell("3 to 4", 0.3, 0.2, 0.1)


def finding(at: str, earliest: str, latest: str, cause: str = "", *cells: Cell) -> Finding:
    """Of the hour from 10:00 on, of which the panes from 9:00 on are known."""
    start, end, *began = (
        datetime.fromisoformat(f"2026-11-20T{each}Z") for each in ("10:00", "11:00", at, earliest, latest)
    )
    words = ("psi", 1.0, 0.1, 500, list(cells), "amount: it changed", "")
    return Finding("1", "fraud", "3", "", "amount", "1h", start, end, *words, *began, cause)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (("10:35", "10:35", "10:35"), "began about 10:35"),
        (("10:35", "10:20", "10:40"), "began about 10:35 (10:20 to 10:40)"),
        (("09:35", "09:00", "10:40"), "began about 09:35 (09:00 or before to 10:40)"),
        (("09:00", "09:00", "09:10"), "began 09:00 or before"),
    ],
)
def test_when_it_began_is_told_with_its_doubt(told: tuple[str, str, str], words: str) -> None:
    """Where the window before begins, nobody knows what was earlier."""
    assert words == origin(finding(*told))


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("broken pipeline", "broken pipeline: 31 % missing"),
        ("both", "changed world and broken pipeline: 31 % missing"),
        ("changed world", "changed world"),
    ],
)
def test_why_is_told_with_the_special_cell_that_moved_most(cause: str, words: str) -> None:
    """Other cells do not tell of a pipeline."""
    noise = Cell("below -3.2", 0.0, 0.02, 0.1)
    assert f"began about 10:35; {words}" == origin(finding("10:35", "10:35", "10:35", cause, VALUES, noise, MISSING))


def test_a_day_is_told_where_it_is_another_one() -> None:
    """Long windows begin before midnight."""
    about = finding("10:35", "10:35", "10:35")
    yesterday = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert "began 2026-11-19 23:30 or before" == origin(
        Finding(**{name: getattr(about, name) for name in about.__struct_fields__} | {"began": yesterday})
    )


def test_of_what_nobody_knows_nothing_is_said() -> None:
    """A detector of panes, of errors, of services: no cells were compared."""
    end = np.datetime64("2026-11-20T11:00")
    row = {"id": "a", "model": "m", "version": "1", "end": end, "start": end, "length": 10**9, "cells": "[]"}
    row |= dict.fromkeys(("began", "began_earliest", "began_latest"), np.datetime64(0, "us"))
    (found,) = answers(committed(rollout(), findings=[row]).select(FINDINGS), Finding)
    assert (found.began, found.began_earliest, found.began_latest, "") == (None, None, None, origin(found))
