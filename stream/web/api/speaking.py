"""`POST /v1/control`: what a person, or a program for them, asks of the monitor goes to the control topic, no further.

Who may is who knows the token, on loopback too: a page of another site can reach that from a browser.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, HTTPException, NotAuthorizedException, PermissionDeniedException
from msgspec import Struct

from stream.controls.asked import BadControl, parsed, text_of

VARIABLE: Final = "DRIFTLINE_TOKEN"
SCHEME: Final = "Bearer "
BODY_MAX: Final = 1_000_000  # bytes: a broker takes no larger record


class Unsent(Exception):
    """The topic does not take it now; the message says why."""


@dataclass(frozen=True)
class Door:
    """How controls come in by HTTP: who may, and what takes them to the topic, by key and value."""

    token: str = ""
    send: Callable[[bytes, bytes], Awaitable[None]] | None = None

    def check(self, authorization: str) -> None:
        """Refuse whoever does not know the token."""
        if not self.token or self.send is None:
            raise PermissionDeniedException(
                f"Nothing can be asked of this service by HTTP: start it with {VARIABLE} in its environment, or use "
                "`driftline control`, which writes to the control topic"
            )
        told = authorization.removeprefix(SCHEME)
        # Compared as bytes, in a time that does not tell how much of it is right.
        known = hmac.compare_digest(told.encode(), self.token.encode())
        if not authorization.startswith(SCHEME) or not known:
            raise NotAuthorizedException(
                f"Say who you are: `Authorization: Bearer` and the {VARIABLE} of the service",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def take(self, key: str, value: bytes) -> None:
        """Put a control onto the topic."""
        assert self.send is not None
        try:
            await self.send(key.encode(), value)
        except Unsent as error:
            raise HTTPException(f"The control topic does not take it now: {error}", status_code=503) from error


class Accepted(Struct, frozen=True):
    """The control is on the topic; what becomes of it, `/v1/controls` tells."""

    id: str
    kind: str
    model: str
    follow: str


Asked = NamedDependency[Door]


@post("/v1/control", status_code=202, request_max_body_size=BODY_MAX)
async def control(request: Request[object, object, State], door: Asked) -> Accepted:
    """Ask something of the monitor: a record of the control topic as JSON (docs/controls.md); `id` may be left out.

    Answered when the topic has it. Needs `Authorization: Bearer` with the service's DRIFTLINE_TOKEN.
    """
    door.check(request.headers.get("authorization", ""))
    text = with_id(text_of(await request.body()))
    try:
        asked = parsed(text)
    except BadControl as error:
        raise ClientException(str(error)) from error
    await door.take(asked.model, text.encode())
    return Accepted(asked.id, asked.kind, asked.model, "/v1/controls")


def with_id(text: str) -> str:
    """The same with an id, where it is an object that has none."""
    try:
        said = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text
    if not isinstance(said, dict) or "id" in said:
        return text
    return msgspec.json.encode({"id": secrets.token_hex(8), **said}).decode()
