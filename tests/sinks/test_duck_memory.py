"""What DuckDB holds in memory after the store was cleaned."""

import numpy as np

from sinks.commit import PANES, Commit
from sinks.duck import DuckStore
from sinks.duck.cache import CACHE_KEPT
from stream.resident import memory_bytes
from tests.sinks.rows import rows


def many(n: int) -> Commit:
    """Panes of 1,000 bytes each, all different."""
    few = rows(PANES, np.random.default_rng(1), 1)
    draw = np.random.default_rng(1)
    blobs = np.array([draw.bytes(1_000) for _ in range(n)], np.object_)
    return Commit(1, {"panes": {**{name: array[:1].repeat(n) for name, array in few.items()}, "summary": blobs}})


def held(store: DuckStore) -> int:
    """Bytes that DuckDB holds."""
    return int(told(store, "SELECT sum(memory_usage_bytes) FROM duckdb_memory()"))


def limit(store: DuckStore) -> str:
    """What it may hold, as it says it."""
    return told(store, "SELECT current_setting('memory_limit')")


def told(store: DuckStore, question: str) -> str:
    """The answer to SQL that has one."""
    with store.cursor() as cursor:
        ((answer,),) = cursor.execute(question).fetchall()
        return str(answer)


def test_forgetting_gives_back_the_cache_unless_somebody_reads(duck: DuckStore) -> None:
    """Of twice as many bytes only CACHE_KEPT stay in memory, under the same limit, and every row is still there."""
    written = many(2 * CACHE_KEPT // 1_000)
    before = limit(duck)
    duck.write(written)
    with duck._gate.passed():
        duck.forget({"panes": 0, "history": 0}, {})
    assert held(duck) > CACHE_KEPT
    duck.forget({"panes": 0, "history": 0}, {})
    assert held(duck) <= CACHE_KEPT
    assert before == limit(duck)
    assert written.tables["panes"]["summary"].tolist() == duck.select(PANES)["summary"].tolist()


def test_forgetting_gives_back_what_the_checkpoint_freed(duck: DuckStore) -> None:
    """Of rows that all fit in the cache too: beside them their log and the checkpoint's own work were in memory."""
    n = CACHE_KEPT * 7 // 8 // 1_000
    duck.write(many(n))
    before = memory_bytes()
    duck.forget({"panes": 0, "history": 0}, {})
    assert memory_bytes() < before - n * 1_000


def test_a_statement_that_holds_more_than_the_cache_may_goes_on(duck: DuckStore) -> None:
    """It keeps what it holds, and whoever comes next has all of the memory again."""
    before = limit(duck)
    with duck.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE mine AS SELECT range AS x FROM range(6_000_000)")
        cursor.execute("SELECT x FROM mine ORDER BY hash(x)")
        assert held(duck) > CACHE_KEPT
        duck.forget({"panes": 0, "history": 0}, {})
        assert before == limit(duck)
        assert len(cursor.fetchnumpy()["x"]) == 6_000_000


def test_a_question_of_all_rows_needs_no_more_than_what_stays(duck: DuckStore) -> None:
    """Of a file of 64 MB each block is read, and no more of it is held than before, under the same limit."""
    duck.write(many(2 * CACHE_KEPT // 1_000))
    duck.forget({"panes": 0, "history": 0}, {})
    before = limit(duck)
    with duck._cache.narrow(0):
        assert before != limit(duck)
        assert int(told(duck, "SELECT count(DISTINCT md5(summary)) FROM panes")) == 2 * CACHE_KEPT // 1_000
        assert held(duck) <= CACHE_KEPT
    assert before == limit(duck)


def test_nobody_who_reads_has_to_do_with_the_room_of_another(duck: DuckStore) -> None:
    """Beside a reader there is no lower limit."""
    before = limit(duck)
    with duck._gate.passed(), duck._cache.narrow(0):
        assert before == limit(duck)
