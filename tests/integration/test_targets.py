"""Every kind of target against one stub on 127.0.0.1: what a network does to it, and what it tells nobody."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import shutil
import socket
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Target
from sinks.dispatch.targets import open_target
from sinks.dispatch.targets.calling.client import Client, Forbidden
from sinks.dispatch.targets.entry import wrong
from sinks.dispatch.targets.plans.exchange import Reply, Request
from tests.integration.stub import Stub, Tls, as_json, cut, endless, nonsense, reset, silent, slow, stub
from tests.sinks.dispatch.entries import CASES, ENVIRONMENT, SECRET, Answers, answering, entry, trigger

NETWORKS = ["127.0.0.0/8"]
AWS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": f"session-{SECRET}"}
ALL = sorted(CASES)


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's library reads the environment of the process."""
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)


def opened(kind: str, url: str, **more: object) -> Target:
    """A target that reaches the stub."""
    if kind == "sagemaker":
        pytest.importorskip("botocore")
    return open_target({**entry(kind, url), "networks": NETWORKS, "timeout": "5s", **more}, ENVIRONMENT)


def told(target: Target, does: Callable[[Target], Awaitable[object]]) -> object:
    """What the target answers; then it is closed."""

    async def story() -> object:
        try:
            return await does(target)
        finally:
            await target.close()

    return asyncio.run(story())


def start(target: Target) -> object:
    """The answer to one start."""
    return told(target, lambda each: each.start(trigger()))


def asked(own: Stub, kind: str) -> list[Request]:
    """The requests that start a run."""
    return [each for each in own.asked if (each.method, each.path.partition("?")[0] or "") == started_by(kind)]


def started_by(kind: str) -> tuple[str, str]:
    """The request of a case as it arrives: an address without a path is asked for `/`."""
    method, path = CASES[kind].start
    return method, path or "/"


def answers(kind: str, *more: Answers) -> Callable[[Request], Reply]:
    """The case's answers, for `/` too."""
    known = {key: value for each in (CASES[kind].answers, *more) for key, value in each.items()}
    return answering({(method, path or "/"): value for (method, path), value in known.items()})


@pytest.mark.parametrize("kind", ALL)
def test_a_trigger_starts_one_run_which_is_followed(kind: str) -> None:
    """Over a real connection, with the secret in the request and nowhere else."""
    with stub() as own:
        own.answer = answers(kind)
        answer = start(opened(kind, own.url))
        assert isinstance(answer, Started), answer
        assert answer.external_id == CASES[kind].started
        assert len(asked(own, kind)) == 1
        sent = b"".join(each.body + json.dumps(each.headers).encode() for each in own.asked)
        basic = base64.b64encode(f"bot:{SECRET}".encode())
        assert kind in {"webhook", "sagemaker"} or SECRET.encode() in sent or basic in sent
        assert not any(SECRET in each.path for each in own.asked)
        if CASES[kind].ended:
            own.answer = answers(kind, CASES[kind].ended)
            assert Ended(succeeded=True) == told(opened(kind, own.url), lambda each: each.follow(answer.external_id))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("misbehaves", [reset, cut, nonsense])
def test_a_broken_connection_is_tried_again(kind: str, misbehaves: Callable[..., bool]) -> None:
    """Whatever breaks it, and without a retry of its own: that is the dispatcher's, which counts them."""
    with stub() as own:
        own.behaves = misbehaves
        answer = start(opened(kind, own.url))
        assert isinstance(answer, Again), answer
        assert len(own.asked) <= 2  # aiohttp sends a GET again where a kept connection had been closed


@pytest.mark.parametrize("misbehaves", [silent, slow])
def test_a_silent_system_takes_no_longer_than_the_timeout(misbehaves: Callable[..., bool]) -> None:
    """Also where the reply has begun."""
    with stub() as own:
        own.behaves = misbehaves
        began = monotonic()
        answer = start(opened("kubeflow", own.url, timeout="300ms"))
        assert isinstance(answer, Again)
        assert "no answer within" in answer.why
        assert monotonic() - began < 4


def test_a_body_without_an_end_is_read_to_its_bound() -> None:
    """A mebibyte, then the connection is closed."""
    with stub() as own:
        own.behaves = endless
        assert isinstance(start(opened("webhook", own.url)), Started)
        assert isinstance(start(opened("kubeflow", own.url)), Again)


def test_a_port_that_nobody_listens_at_is_tried_again() -> None:
    """A system that restarts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = start(opened("airflow", f"http://127.0.0.1:{port}"))
    assert isinstance(answer, Again)
    assert "no connection" in answer.why


def test_a_redirect_is_not_followed() -> None:
    """To another host it would carry the token along."""
    with stub() as own, stub() as other:
        own.answer = lambda _: Reply(307, b"", {"location": other.url + "/x"})
        answer = start(opened("airflow", own.url))
        assert isinstance(answer, Refused)
        assert [] == other.asked


def test_retry_after_is_handed_on() -> None:
    """As seconds, to whoever waits."""
    with stub() as own:
        own.answer = lambda _: Reply(429, b"", {"retry-after": "17"})
        assert Again("answered 429", 17.0) == start(opened("airflow", own.url))


@pytest.mark.parametrize("host", ["0x7f.1", "0x7f000001"])
def test_a_name_of_a_private_address_is_refused_unless_its_network_is_named(host: str) -> None:
    """As a name that no entry shows to be an address, and every resolver does: no request arrives."""
    with stub() as own:
        answer = start(opened("airflow", f"http://{host}:{own.port}", networks=["192.0.2.0/24"]))
        assert isinstance(answer, Refused), answer
        assert "which is not public" in answer.why
        assert [] == own.asked


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "[::1]"])
def test_a_private_address_is_refused_whoever_asks_for_it(host: str) -> None:
    """An entry with it is not read at all; a client that was given it sends nothing."""
    with stub() as own:
        base = f"http://{host}:{own.port}"
        assert [("url",)] == [each.path for each in wrong(entry("airflow", base))]
        with pytest.raises(Forbidden, match="which is not public"):
            asyncio.run(Client(base).send(Request("GET", "/"), 3.0))
        assert [] == own.asked


def test_a_password_becomes_a_token_which_is_renewed_when_refused() -> None:
    """Asked for once for many triggers; a token that the server forgot costs one more request."""
    with stub() as own:
        tokens = iter(("t1", "t2"))
        refused = {"Bearer t1"}

        def answer(request: Request) -> Reply:
            if request.path == "/auth/token":
                assert {"username": "bot", "password": SECRET} == json.loads(request.body)
                return as_json({"access_token": next(tokens)}, 201)
            return Reply(401) if request.headers["authorization"] in refused else answers("airflow")(request)

        own.answer = answer
        keys = {"kind": "airflow", "dag": "retrain_fraud", "username": "bot", "password": "env:HIDDEN"}
        target = open_target({**keys, "url": own.url, "networks": NETWORKS}, ENVIRONMENT)

        async def thrice(each: Target) -> list[object]:
            return [await each.start(trigger()) for _ in range(3)]

        assert all(isinstance(each, Started) for each in told(target, thrice))  # type: ignore[attr-defined]
        assert 2 == sum(each.path == "/auth/token" for each in own.asked)


@pytest.mark.parametrize("kind", ALL)
def test_no_secret_is_in_an_answer_a_log_or_a_text(
    kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not even where the other side says it back."""
    caplog.set_level(logging.DEBUG)
    with stub() as own:
        target = opened(kind, own.url)
        said: list[object] = [repr(target), vars(target).get("_secrets")]
        for status in (200, 201, 302, 400, 401, 409, 429, 500):

            def echo(request: Request, status: int = status) -> Reply:
                back = json.dumps({"message": f"{request.headers} {request.body!r}"})
                return Reply(
                    status, f"{'' if kind == 'sagemaker' else SECRET} {back}".encode()
                )  # it never got that one

            own.answer = echo
            said += [start(target)]
            said += [told(target, lambda each: each.follow(CASES[kind].started))]
        for misbehaves in (reset, cut, nonsense):
            own.behaves = misbehaves
            said += [start(target)]
    out = capfd.readouterr()
    basic = base64.b64encode(f"bot:{SECRET}".encode()).decode()
    for text in (repr(said), caplog.text, out.out, out.err):
        assert SECRET not in text
        assert basic not in text


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for 127.0.0.1 that signed itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    place = tmp_path_factory.mktemp("tls")
    own = Tls(str(place / "cert.pem"), str(place / "key.pem"))
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    command += [
        "-keyout",
        own.key,
        "-out",
        own.certificate,
        "-subj",
        "/CN=stub",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return own


def test_tls_is_verified(tls: Tls) -> None:
    """A certificate that nobody vouches for gets no request; one that the entry names does."""
    with stub(tls) as own:
        own.answer = answers("airflow")
        assert isinstance(start(opened("airflow", own.url)), Again)
        assert [] == own.asked
        assert isinstance(start(opened("airflow", own.url, ca_file=tls.certificate)), Started)
        # The certificate is for 127.0.0.1: another name of the same machine is not it.
        assert isinstance(start(opened("airflow", f"https://localhost:{own.port}", ca_file=tls.certificate)), Again)


def test_a_webhook_can_be_checked_by_its_receiver(tmp_path: Path) -> None:
    """With the bytes that arrived, by the specification's own arithmetic."""
    secret = "whsec_" + base64.b64encode(b"x" * 24).decode()
    place = tmp_path / "secret"
    place.write_text(secret)
    with stub() as own:
        own.answer = lambda _: Reply(204)
        assert isinstance(start(opened("webhook", own.url, secret=f"file:{place}")), Started)
        (request,) = own.asked
    content = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    expected = base64.b64encode(hmac.new(b"x" * 24, content, hashlib.sha256).digest()).decode()
    assert f"v1,{expected}" == request.headers["webhook-signature"]
    assert trigger().raw == request.body


def test_what_a_run_does_is_asked_for_again_after_a_pause() -> None:
    """A busy system says nothing about the run."""
    with stub() as own:
        own.answer = answers("airflow")
        followed = told(opened("airflow", own.url), lambda each: each.follow(CASES["airflow"].started))
        assert isinstance(followed, Running)
        own.behaves = reset
        followed = told(opened("airflow", own.url), lambda each: each.follow(CASES["airflow"].started))
        assert isinstance(followed, Again)
