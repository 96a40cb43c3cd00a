"""What a model registry says by a webhook: whether it was MLflow, lately, and which version is served now.

A delivery is signed as MLflow signs it (mlflow/webhooks/delivery.py of 3.17): `v1,` and the base64 of HMAC-SHA256 over
delivery id, timestamp and body, with dots between them.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from stream.config.sections.hooks import VERSION, Mlflow
from stream.encodings.times import BAD, one

ID, TIME, SIGNATURE = "x-mlflow-delivery-id", "x-mlflow-timestamp", "x-mlflow-signature"
SCHEME: Final = "v1,"
ID_MAX: Final = 100
WORDS_MAX: Final = 200
SERVED: Final = "model_version_alias", "created"  # entity and action; an alias that moves is created again
TAGGED: Final = "model_version_tag", "set"
PROMOTES: Final = "only an alias or a tag that says which version is served promotes one"


class NotGenuine(Exception):
    """Nobody who knows the secret has said this lately; the message says why."""


class NotUnderstood(Exception):
    """It is no event of a registry; the message says what was expected."""


class NoSuchModel(Exception):
    """A registered model that is no model here; the message says which there are."""


class Nothing(Struct, frozen=True):
    """It promotes nothing: why."""

    why: str


class Promotion(Struct, frozen=True):
    """A control record that says which version is served: the same delivery makes the same one."""

    id: str
    model: str
    version: str
    decided: str  # as the registry says it; empty where it does not
    words: str

    @property
    def record(self) -> bytes:
        """As the control topic has it."""
        said = {"id": self.id, "kind": "promote", "model": self.model, "version": self.version, "who": "mlflow"}
        decided = {"decided": self.decided} if one(self.decided) != BAD else {}
        return msgspec.json.encode({**said, **decided, "words": self.words[:WORDS_MAX]})


class _Said(Struct, frozen=True):
    name: str
    version: str = ""
    alias: str = ""
    key: str = ""
    value: str = ""


class _Event(Struct, frozen=True):
    entity: str
    action: str
    data: _Said
    timestamp: str = ""


def signature(secret: str, delivery: str, time: str, body: bytes) -> str:
    """What MLflow writes into its header."""
    digest = hmac.new(secret.encode(), f"{delivery}.{time}.".encode() + body, hashlib.sha256).digest()
    return SCHEME + base64.b64encode(digest).decode()


def genuine(headers: Mapping[str, str], body: bytes, secret: str, now_s: float, tolerance_s: float) -> str:
    """The id of a delivery that somebody who knows the secret has sent lately. NotGenuine."""
    delivery, time, signed = (headers.get(name, "") for name in (ID, TIME, SIGNATURE))
    if not (delivery and time and signed):
        raise NotGenuine(f"Sign it: {ID}, {TIME} and {SIGNATURE}; give the webhook a secret in MLflow")
    if not _same(signed, signature(secret, delivery, time, body)):
        raise NotGenuine("The signature is not that of the secret of hooks.mlflow")
    if len(delivery) > ID_MAX or not time.isdecimal() or len(time) > ID_MAX:
        raise NotGenuine(f"{ID} and {TIME}: expected an id, and seconds since 1970")
    if abs(now_s - int(time)) > tolerance_s:
        raise NotGenuine(f"It was sent at {time}, and it is {int(now_s)}: too long ago, or clocks differ")
    return delivery


def _same(signed: str, wanted: str) -> bool:
    """Compared by their bytes, in a time that does not tell how much of it is right."""
    try:
        told, known = (base64.b64decode(each.removeprefix(SCHEME), validate=True) for each in (signed, wanted))
    except (binascii.Error, ValueError):
        return False
    return signed.startswith(SCHEME) and hmac.compare_digest(told, known)


def read(body: bytes, delivery: str, settings: Mlflow, known: Callable[[str], bool]) -> Promotion | Nothing:
    """What an event asks for. `known` says of a model whether it may be one here. NotUnderstood, NoSuchModel."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise NotUnderstood(f"It is no event of MLflow's registry: {error}") from None
    said = event.data
    served = _served(event, settings)
    if served:
        return Nothing(served)
    model = settings.models.get(said.name, "" if settings.models else said.name)
    if not model or not known(model):
        names = ", ".join(sorted(settings.models)[:10]) or "those that the configuration watches"
        raise NoSuchModel(
            f"No model here is the registered model {said.name!r}; there are {names} (hooks.mlflow.models)"
        )
    about = f"alias {said.alias}" if said.alias else f"tag {said.key}={said.value}"
    version = settings.version.replace(VERSION, said.version)
    return Promotion(f"mlflow-{delivery}", model, version, event.timestamp, f"{about} of {said.name} {said.version}")


def _served(event: _Event, settings: Mlflow) -> str:
    """Why an event does not say which version is served; empty: it does."""
    what, said = (event.entity, event.action), event.data
    if what == SERVED and said.version:
        return "" if said.alias == settings.alias else f"alias {said.alias}: {settings.alias} is the one that is served"
    if what == TAGGED and said.version and settings.tag:
        told = f"{said.key}={said.value}"
        return "" if told == settings.tag else f"tag {told}: {settings.tag} is of the one that is served"
    return f"{event.entity}.{event.action}: {PROMOTES}"
