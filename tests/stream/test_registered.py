"""What MLflow's registry says is believed with its signature, lately, and asks for one thing."""

import json

import pytest

from stream.config.sections.hooks import Mlflow
from stream.controls.asked import Promote, parsed
from stream.controls.registered import (
    ID,
    SIGNATURE,
    TIME,
    NoSuchModel,
    NotGenuine,
    Nothing,
    NotUnderstood,
    Promotion,
    genuine,
    read,
    signature,
)

SECRET, NOW = "a secret of a test", 1_795_000_000
# As mlflow/webhooks/delivery.py of 3.17 lays an event out; tests/real has those that a server sends.
BODY = (
    b'{"entity": "model_version_alias", "action": "created", "timestamp": "2026-11-18T15:06:40.123456+00:00", '
    b'"data": {"name": "fraud", "alias": "champion", "version": "2"}}'
)
DELIVERY = "5c7a2f1e-5d1f-4f0a-9b4a-0d2f3c9a7b11"


def headers(body: bytes = BODY, time: str = str(NOW), delivery: str = DELIVERY, secret: str = SECRET) -> dict[str, str]:
    """Those of a delivery."""
    return {ID: delivery, TIME: time, SIGNATURE: signature(secret, delivery, time, body)}


def event(entity: str, action: str, **data: str) -> bytes:
    """What the registry says."""
    return json.dumps({"entity": entity, "action": action, "timestamp": "", "data": {"name": "fraud", **data}}).encode()


def anybody(_: str) -> bool:
    """Every model may be one here."""
    return True


def test_a_signature_is_mlflows() -> None:
    """As `openssl dgst -sha256 -hmac SECRET -binary | base64` has it."""
    assert "v1,PvA9LK1ROt+Wns/1UI1FuwNI4ObiibSPg8jxxOEjWsE=" == signature(SECRET, DELIVERY, str(NOW), BODY)
    assert DELIVERY == genuine(headers(), BODY, SECRET, NOW, 300)


@pytest.mark.parametrize(
    ("changed", "now", "why"),
    [
        ({SIGNATURE: ""}, NOW, "Sign it"),
        ({ID: ""}, NOW, "Sign it"),
        ({ID: "another"}, NOW, "not that of the secret"),
        ({TIME: str(NOW + 1)}, NOW, "not that of the secret"),
        ({SIGNATURE: "v1,ä"}, NOW, "not that of the secret"),
        ({SIGNATURE: signature(SECRET, DELIVERY, str(NOW), BODY).removeprefix("v1,")}, NOW, "not that of the secret"),
        ({SIGNATURE: signature("another", DELIVERY, str(NOW), BODY)}, NOW, "not that of the secret"),
        ({}, NOW + 301, "too long ago"),
        ({}, NOW - 301, "clocks differ"),
        (headers(time="noon"), NOW, "seconds since 1970"),
        (headers(delivery="x" * 101), NOW, "expected an id"),
    ],
)
def test_who_does_not_know_the_secret_or_repeats_later_is_refused(changed: dict[str, str], now: int, why: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(NotGenuine, match=why):
        genuine(headers() | changed, BODY, SECRET, now, 300)


def test_an_alias_that_moves_promotes_its_version() -> None:
    """The same delivery makes the same record, which is a control, with the time of the decision."""
    found = read(BODY, DELIVERY, Mlflow(), anybody)
    assert isinstance(found, Promotion)
    assert read(BODY, DELIVERY, Mlflow(), anybody) == found
    control = parsed(found.record.decode())
    assert isinstance(control, Promote)
    assert (f"mlflow-{DELIVERY}", "fraud", "2", "mlflow") == (control.id, control.model, control.version, control.who)
    assert "2026-11-18T15:06:40.123456+00:00" == control.decided
    assert "alias champion of fraud 2" == control.words


def test_names_are_those_of_the_configuration() -> None:
    """Of models, of versions, of the alias, and a tag that says the same."""
    settings = Mlflow(alias="live", tag="stage=production", models={"fraud": "fraud-eu"}, version="v${version}")
    alias = event("model_version_alias", "created", alias="live", version="3")
    tag = event("model_version_tag", "set", key="stage", value="production", version="3")
    for body in (alias, tag):
        found = read(body, "1", settings, anybody)
        assert isinstance(found, Promotion)
        assert ("fraud-eu", "v3") == (found.model, found.version)
        assert b'"decided"' not in found.record


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (event("model_version_alias", "created", alias="challenger", version="2"), "alias challenger: champion is"),
        (event("model_version_alias", "deleted", alias="champion"), "model_version_alias.deleted: only an alias"),
        (event("model_version", "created", version="2", source="models:/m-1"), "model_version.created: only"),
        (
            event("model_version_tag", "set", key="stage", value="production", version="2"),
            "model_version_tag.set: only",
        ),
        (event("registered_model", "created"), "registered_model.created: only"),
    ],
)
def test_whatever_else_happens_promotes_nothing(body: bytes, why: str) -> None:
    """And says why."""
    found = read(body, "1", Mlflow(), anybody)
    assert isinstance(found, Nothing)
    assert found.why.startswith(why)


def test_a_registered_model_that_is_none_here_is_told_so() -> None:
    """By the names of the configuration, or because no pattern fits."""
    with pytest.raises(NoSuchModel, match="'fraud'; there are other"):
        read(BODY, "1", Mlflow(models={"other": "x"}), anybody)
    with pytest.raises(NoSuchModel, match="those that the configuration watches"):
        read(BODY, "1", Mlflow(), lambda _: False)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"entity": "model_version_alias"}', b'{"data": 1}'])
def test_what_is_no_event_is_not_understood(body: bytes) -> None:
    """With the place of the mistake."""
    with pytest.raises(NotUnderstood, match="no event"):
        read(body, "1", Mlflow(), anybody)
