"""Every row of the table against what its system answers: no sockets, the translation alone."""

import json
import re
from email.utils import formatdate
from itertools import product

import pytest

from sinks.dispatch.target import Again, Ended, Refused, Running, Started
from sinks.dispatch.targets.entry import read
from sinks.dispatch.targets.plans.exchange import Followed, Reply, Request, Taken
from sinks.dispatch.targets.plans.row import Kind
from sinks.dispatch.targets.systems.commanding import Command
from sinks.dispatch.targets.systems.kinds import KINDS
from tests.sinks.dispatch.entries import CASES, ID, RUN, Answers, answering, driven, entry, trigger

ALL = sorted(CASES)
FOLLOWED = [name for name in ALL if CASES[name].ended]
REPEATED = [name for name in ALL if CASES[name].repeat]


def kind(name: str) -> Kind:
    """A row of the table."""
    found = KINDS[name]
    assert not isinstance(found, Command)
    return found


def started(name: str, *answers: Answers | None, **changes: object) -> tuple[Taken, list[Request]]:
    """What a start comes to."""
    plan = kind(name).start(read(entry(name)), trigger(**changes))
    return driven(plan, answering(CASES[name].answers, *(each or {} for each in answers)))


def test_every_row_has_a_case() -> None:
    """A new row is covered on the day it is registered."""
    assert sorted({*ALL, "command"}) == sorted(KINDS)


@pytest.mark.parametrize("name", ALL)
def test_a_trigger_is_started_once_and_names_its_run(name: str) -> None:
    """The request of the table is sent exactly once."""
    answer, asked = started(name)
    assert isinstance(answer, Started), answer
    assert answer.external_id == CASES[name].started
    assert [CASES[name].start] == [
        pair for request in asked if (pair := (request.method, request.path.partition("?")[0])) == CASES[name].start
    ]


@pytest.mark.parametrize("name", REPEATED)
def test_a_repeated_trigger_starts_nothing_and_names_the_same_run(name: str) -> None:
    """Refused by the target's key, or found by a search: both are success."""
    answer, asked = started(name, CASES[name].repeat)
    assert isinstance(answer, Started), answer
    assert answer.external_id == CASES[name].started
    if not kind(name).keyed:
        assert CASES[name].start not in [(request.method, request.path.partition("?")[0]) for request in asked]


@pytest.mark.parametrize("name", ALL)
def test_a_system_that_is_busy_or_down_is_asked_again(name: str) -> None:
    """Nothing is given up for what will pass, credentials included."""
    for status in (401, 403, 408, 425, 429, 500, 502, 503):
        answer, _ = started(name, {CASES[name].start: (status, {"message": "later"})})
        assert isinstance(answer, Again)
        assert f"answered {status}" in answer.why


@pytest.mark.parametrize("name", ALL)
def test_a_no_and_a_redirect_are_final(name: str) -> None:
    """What will never work is not tried again, and the message has the beginning of the reply."""
    for status in (301, 302, 307, 400, 404, 410, 422):
        answer, _ = started(name, {CASES[name].start: (status, {"message": "no such thing"})})
        assert isinstance(answer, Refused)
        assert ("redirects are not followed" if status < 400 else "no such thing") in answer.why


BODIES = (
    b"",
    b"<html>",
    b"[[1]]",
    b'{"run": 7}',
    b'{"runs": [3], "assets": {"id": 1}}',
    b"\xff",
    b"[" * 2_000,
    b'{"id": {}}',
)


@pytest.mark.parametrize("name", ALL)
def test_no_reply_breaks_a_row(name: str) -> None:
    """Whatever comes back, every plan ends with an answer."""
    row, own = kind(name), read(entry(name))
    for status, body in product((200, 201, 204, 304, 404, 409, 500, 599), BODIES):
        answer, _ = driven(row.start(own, trigger()), lambda _, s=status, b=body: Reply(s, b))
        assert isinstance(answer, Started | Again | Refused)
        state, _ = driven(row.follow(own, CASES[name].started), lambda _, s=status, b=body: Reply(s, b))
        assert state is None or isinstance(state, Running | Ended | Again)


STRANGE = (
    "",
    "..",
    "../../admin",
    "a/b?c#d",
    "a%2Fb",
    "a\r\nx: y",
    "\0",
    "${id}",
    "' or ''='",
    "\u00e9\u4e2d",
    "x" * 500,
    "-rf",
)
SHAPES: tuple[object, ...] = (
    None,
    7,
    "x",
    [],
    {},
    [[1], "x", {"value": "y"}],
    {"from": 3, "id": [1]},
    [{"words": 5}] * 3,
)


@pytest.mark.parametrize("name", ALL)
def test_no_trigger_breaks_a_row_or_leaves_its_path(name: str) -> None:
    """Whatever a model is called, requests stay where the row sends them."""
    usual = {request.path.partition("?")[0].count("/") for request in started(name)[1]}
    for word, shape in product(STRANGE, SHAPES):
        data = {"fresh_data": shape, "reference": shape, "evidence": shape}
        strange = trigger(id=word, model=word, version=word, time=word, data=data)
        _, asked = driven(kind(name).start(read(entry(name)), strange), answering(CASES[name].answers))
        for request in asked:
            assert re.fullmatch(r"[!-~]*", request.path)
            assert not set(request.path) & set("#\\")
            assert not {".", "..", ""} & set(request.path.partition("?")[0].split("/")[1:-1])
            assert request.path.partition("?")[0].count("/") in usual
            assert all(re.fullmatch(r"[ -~]*", line) for pair in request.headers.items() for line in pair)


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_run_is_followed_to_its_end(name: str) -> None:
    """Running, succeeded, failed with the reason; a system that is down tells nothing."""
    row, own, case = kind(name), read(entry(name)), CASES[name]

    def followed(answers: Answers) -> Followed:
        return driven(row.follow(own, case.started), answering(case.answers, answers))[0]

    assert isinstance(followed(case.repeat or {}), Running)
    assert Ended(succeeded=True) == followed(case.ended)
    end = followed(case.failed)
    assert isinstance(end, Ended)
    assert not end.succeeded
    assert end.why
    down = dict.fromkeys(case.ended, (503, None))
    assert isinstance(followed(down), Again)
    gone = dict.fromkeys(case.ended, (404, None))
    assert isinstance(followed(gone), Again)


@pytest.mark.parametrize("name", [name for name in REPEATED if not kind(name).keyed])
def test_a_run_whose_id_only_begins_alike_is_another_one(name: str) -> None:
    """A trigger that is taken for one that has run would be lost."""
    for other in (ID[:-1], ID[1:], "driftline"):
        answer, asked = started(name, {} if name == "mlflow" else CASES[name].repeat, id=other)
        assert isinstance(answer, Started)
        assert CASES[name].start in [(request.method, request.path.partition("?")[0]) for request in asked]


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    """Both forms of RFC 9110; nonsense is as good as nothing."""

    def after(text: str) -> float | None:
        reply = Reply(429, b"", {"retry-after": text}, at=1_792_000_000.0)
        answer, _ = driven(kind("webhook").start(read(entry("webhook")), trigger()), lambda _: reply)
        assert isinstance(answer, Again)
        return answer.after_s

    assert 17.0 == after("17")
    assert 60.0 == after(formatdate(1_792_000_060, usegmt=True))
    assert 0.0 == after(formatdate(1_791_000_000, usegmt=True))
    assert after("soon") is None
    assert after("-3") is None
    assert 86_400.0 == after("999999999")


def test_airflow_is_told_what_it_needs() -> None:
    """`logical_date` must be there, and the run's id is the key."""
    _, (request,) = started("airflow")
    body = json.loads(request.body)
    assert RUN == body["dag_run_id"]
    assert "logical_date" in body
    assert body["logical_date"] is None
    assert ID == body["conf"]["trigger_id"]
    assert "drift" == body["conf"]["reason"]


def test_a_github_payload_has_one_property_and_a_bound() -> None:
    """Ten properties and 64 KB are GitHub's limits; without its evidence any trigger fits."""
    _, asked = started("github")
    payload = json.loads(asked[-1].body)["client_payload"]
    assert ["trigger"] == list(payload)
    assert ID == payload["trigger"]["id"]
    long = {**trigger().data, "evidence": [{"words": "x" * 70_000}]}
    _, asked = started("github", data=long)
    assert len(asked[-1].body) < 60_000
    assert ID == json.loads(asked[-1].body)["client_payload"]["trigger"]["id"]


def test_mlflow_writes_one_run_with_the_evidence_and_tags_the_version() -> None:
    """A version that is not registered does no harm."""
    answer, asked = started("mlflow", {("POST", "/api/2.0/mlflow/model-versions/set-tag"): (404, None)})
    assert isinstance(answer, Started)
    batch = next(json.loads(request.body) for request in asked if request.path.endswith("log-batch"))
    assert [("verdict/amount", 0.09), ("verdict/amount/limit", 0.05)] == [
        (m["key"], m["value"]) for m in batch["metrics"]
    ]
    tags = [json.loads(request.body) for request in asked if request.path.endswith("set-tag")]
    assert {"name": "fraud", "version": "3", "key": "drift.status", "value": "drifted"} == tags[0]


def test_a_throttled_sagemaker_is_asked_again_though_it_says_400() -> None:
    """AWS says 400 to what will pass, too."""
    for error, expected in (
        ("ThrottlingException", Again),
        ("ExpiredTokenException", Again),
        ("ValidationException", Refused),
    ):
        answer, _ = started("sagemaker", {("POST", "/"): (400, {"__type": f"com.amazon#{error}"})})
        assert isinstance(answer, expected)
