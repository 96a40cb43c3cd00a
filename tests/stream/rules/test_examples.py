"""Second opinions on versions whose reference has no labels: the first ones of the stream teach them."""

from dataclasses import replace
from functools import cache

import pytest

from sinks import commit as tables
from stream.config.settings import MINUTE
from stream.joining import showing
from stream.joining.showing import FRESH, shown_at
from stream.monitor.estimates import examples
from stream.monitor.plans.onboarding import File
from stream.reference import Table, from_columns
from stream.reference.columns import of_documents
from tests.stream.rules.test_weighing import N, World, realised, reference, told, weighted

ENOUGH, ONE_IN = 1_000, 4  # fewer, and of more ids than usual, so that logs are short
MINUTES = 64


@cache
def unlabelled(kind: str, n: int = 2_000) -> Table:
    """A reference without labels."""
    world = World(0)
    rows = [{**features, **world.answer(kind, features)[0]} for features in (world.inputs(0) for _ in range(n))]
    return from_columns(of_documents(rows))


@pytest.fixture(params=["binary"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of answers, of whose reference nobody knows whether they were right."""
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(unlabelled(request.param), "unlabelled"))
    monkeypatch.setattr(examples, "ENOUGH", ENOUGH)
    monkeypatch.setattr(showing, "ONE_IN", ONE_IN)
    return str(request.param)


@pytest.mark.parametrize("kind", ["binary", "regression"], indirect=True)
def test_the_first_labels_of_a_stream_teach_what_its_inputs_say(kind: str) -> None:
    """Windows that begin when there are enough are weighed, and follow the shift that comes later."""
    log = told(kind, shift=0.8, minutes=MINUTES, since=44).read(batch=500).commit()
    taught = log.rows(tables.EXAMPLES)
    n, since = sum(row["n"] for row in taught), max(row["step"] for row in taught)
    assert ENOUGH <= n < ENOUGH + N
    assert n == pytest.approx(N * len(taught) / ONE_IN, rel=0.15)
    metric, falls = {"binary": ("accuracy", 0.08), "regression": ("mae", -0.3)}[kind]
    found, truth = weighted(log, metric), realised(log, metric)
    assert min(found) - 5 >= since > min(found) - 10
    for end, row in found.items():
        assert row["low"] <= truth[end] <= row["high"], (end, row["why"])
        assert (row["why"], row["labelled"], row["basis"]) == ("", n, f"learned from {n:,} labels")
    now, before = found[60]["value"], found[40]["value"]
    assert (before - now) / falls > 1
    assert abs(now - truth[60]) < abs(before - truth[60]) / 2
    assert {row["opinion"] for row in log.rows(tables.RECONCILED)} >= {"second"}


def test_whatever_the_batches_and_wherever_it_is_cut_the_same_ones_teach(kind: str) -> None:
    """What was learned is in the store, piece by piece."""
    log = told(kind, 1.0, minutes=48).read().commit()
    assert {row["length"] for row in log.rows(tables.WEIGHTED)} == {MINUTE, 5 * MINUTE}
    whole = log.results()
    for batch, every in ((370, 1_900), (900, 2_650)):
        log = told(kind, 1.0, minutes=48)
        for upto in range(every, 48 * N, every):
            log.read(batch=batch, upto=upto).commit().crash()
        assert whole == log.read().commit().results()


def test_inputs_are_kept_of_one_id_in_some_and_of_labelled_references_of_none(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a reference teaches need not be learned, so nothing is kept for that."""
    log = told(kind, 0.0, minutes=6).read().commit()
    assert len(log.rows(tables.INPUTS)) == pytest.approx(6 * N / ONE_IN, rel=0.25)
    rows = [row for row in log.rows(tables.PREDICTIONS) if row["check"] % ONE_IN == 0]
    assert {(row["key"], row["at"]) for row in rows} == {(row["key"], row["at"]) for row in log.rows(tables.INPUTS)}
    monkeypatch.setattr("tests.stream.rules.story.REFERENCE", File(reference(kind), "labelled"))
    assert told(kind, 0.0, minutes=6).read().commit().rows(tables.INPUTS) == []


def test_a_month_after_a_version_began_nothing_is_kept_of_it(kind: str) -> None:
    """Enough labels or not. What begins later does not count, for whoever reads may not know of it yet."""
    (entry,) = told(kind, 0.0, minutes=3).read().commit().journey.state.roster.entries
    (version, since), *_ = entry.versions.items()
    begins = (since - MINUTE, since, since + FRESH - MINUTE, since + FRESH)
    assert [shown_at(entry, version, start) for start in begins] == [True, True, True, False]
    assert shown_at(replace(entry, versions={}), version, since + FRESH)
