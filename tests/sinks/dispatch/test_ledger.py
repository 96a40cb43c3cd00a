"""The ledger's file: what is kept is there after any end, one process has it, and the old is forgotten."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import duckdb
import pytest
from msgspec.structs import replace

from sinks.dispatch.fate import ACCEPTED, FAILED, STARTED, SUCCEEDED, SUPERSEDED, Fate
from sinks.dispatch.host.ledger import FORGET_S, DuckLedger, LedgerRefused
from sinks.dispatch.ports import LedgerFailed
from tests.sinks.dispatch.worlds import Memory, run

T = TypeVar("T")
FATE = Fate("t1", "airflow", "fraud", "3", "i1", 1_000.0, changed_at=1_000.0)


def with_ledger(path: Path, work: Callable[[DuckLedger], Awaitable[T]], now: float = 1_000.0) -> T:
    """Do it with a ledger at the path, and close it."""

    async def done() -> T:
        ledger = DuckLedger(str(path), 5_000.0, lambda: now)
        keeping = asyncio.create_task(ledger.run())
        try:
            return await work(ledger)
        finally:
            keeping.cancel()
            ledger.close()

    return run(done())


def test_what_is_kept_is_found_by_the_next_process(tmp_path: Path) -> None:
    """Every column, and the newest row of a trigger at a target."""
    fate = replace(FATE, state=STARTED, told=ACCEPTED, attempts=3, started_at=1_001.5, external_id="r", why="é")

    async def keep(ledger: DuckLedger) -> None:
        await asyncio.gather(ledger.keep(FATE), ledger.keep(replace(FATE, trigger="t2")), ledger.keep(fate))

    async def find(ledger: DuckLedger) -> list[Fate | None]:
        return [await ledger.find("t1", "airflow"), await ledger.find("t1", "jenkins")]

    with_ledger(tmp_path / "ledger", keep)
    assert [fate, None] == with_ledger(tmp_path / "ledger", find)


def test_those_that_run_are_told_page_by_page(tmp_path: Path) -> None:
    """Started and let go, or ended and untold; never what its own record brings again."""
    fates = [
        replace(FATE, trigger=f"t{i}", state=state, told=told, started_at=begun)
        for i, (state, told, begun) in enumerate(
            [
                (STARTED, STARTED, 3.0),
                (STARTED, ACCEPTED, 3.5),
                (SUCCEEDED, STARTED, 2.0),
                (SUCCEEDED, SUCCEEDED, 2.5),
                (FAILED, "", None),
                (ACCEPTED, ACCEPTED, None),
                (SUPERSEDED, STARTED, 3.0),
                (STARTED, STARTED, 3.0),
            ]
        )
    ]

    async def pages(ledger: DuckLedger) -> list[str]:
        memory = Memory()
        for each in fates:
            await ledger.keep(each)
            await memory.keep(each)
        first = await ledger.running("airflow", (0.0, ""), 3)
        last = first[-1]
        assert last.started_at is not None
        rest = await ledger.running("airflow", (last.started_at, last.trigger), 3)
        assert [*first, *rest] == await memory.running("airflow", (0.0, ""), 10)  # the tests' ledger is a true one
        return [each.trigger for each in (*first, *rest)]

    assert ["t2", "t0", "t6", "t7"] == with_ledger(tmp_path / "ledger", pages)


def test_the_old_is_forgotten_and_what_is_open_is_not(tmp_path: Path) -> None:
    """An accepted trigger stays until it is decided, however long that takes."""
    old = [
        replace(FATE, trigger="ended", state=FAILED, told=FAILED),
        replace(FATE, trigger="started", state=STARTED, told=STARTED, started_at=1_000.0),
        replace(FATE, trigger="untold", state=FAILED, told=ACCEPTED),
        replace(FATE, trigger="open", told=ACCEPTED),
    ]

    async def keep(ledger: DuckLedger) -> list[str]:
        for each in old:
            await ledger.keep(each)
        return [each.trigger for each in old if await ledger.find(each.trigger, "airflow")]

    assert 4 == len(with_ledger(tmp_path / "ledger", keep))
    later = 1_000.0 + FORGET_S + 5_001.0
    assert 4 > len(with_ledger(tmp_path / "ledger", keep_one, later))
    assert ["untold", "open"] == with_ledger(tmp_path / "ledger", left, later)


async def keep_one(ledger: DuckLedger) -> list[str]:
    """Keep something, which lets the ledger look for what is old."""
    await ledger.keep(replace(FATE, trigger="new", changed_at=1e9))
    return ["new"]


async def left(ledger: DuckLedger) -> list[str]:
    """Which of the four are there."""
    return [each for each in ("ended", "started", "untold", "open") if await ledger.find(each, "airflow")]


def test_one_process_has_the_file(tmp_path: Path) -> None:
    """A second one is told so, and so is whoever names a file that is none."""
    code = f"import duckdb, sys; file = duckdb.connect({str(tmp_path / 'ledger')!r}); print(); input()"
    command = (sys.executable, "-c", code)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(LedgerRefused, match=r"dispatch.ledger: .*cannot be opened: .*lock"):
            DuckLedger(str(tmp_path / "ledger"), 1.0)
        other.communicate(b"\n")
    (tmp_path / "text").write_text("hello " * 10_000)
    with pytest.raises(LedgerRefused, match="not a valid DuckDB"):
        DuckLedger(str(tmp_path / "text"), 1.0)


def test_after_a_failure_the_file_is_opened_anew(tmp_path: Path) -> None:
    """Whoever kept hears of it; the next call works."""

    async def fail(ledger: DuckLedger) -> Fate | None:
        def broken(_: duckdb.DuckDBPyConnection) -> None:
            raise duckdb.IOException("disk full")

        with pytest.raises(LedgerFailed, match="disk full"):
            await ledger._do(broken)
        await ledger.keep(FATE)
        return await ledger.find("t1", "airflow")

    assert with_ledger(tmp_path / "ledger", fail) == FATE
