"""Who we are, added to a request: a token, a user, a token asked for, or a signature."""

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from sinks.dispatch.targets.calling.aws import Signer
from sinks.dispatch.targets.calling.client import Client, Unreached
from sinks.dispatch.targets.calling.secrets import Secrets
from sinks.dispatch.targets.calling.signatures import signed
from sinks.dispatch.targets.plans.exchange import Request, said, word
from sinks.dispatch.targets.plans.keys import Entry
from sinks.dispatch.targets.plans.login import Login

EARLY_S = 60.0  # a token is renewed so long before its end
USUAL_S = 600.0  # and after this, where nobody said when it ends


class Authority(Protocol):
    """What a request needs so that it is ours."""

    async def ours(self, request: Request, timeout_s: float) -> Request:
        """The request as ours; ValueError where a secret is missing, Unreached where nobody gives a token."""
        ...

    def refused(self) -> bool:
        """The target did not accept us: whether it is worth another try at once."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Plain:
    """Secrets that go along as they are, or as the key of a signature."""

    def __init__(self, entry: Entry, secrets: Secrets) -> None:
        self._entry = entry
        self._secrets = secrets

    async def ours(self, request: Request, timeout_s: float) -> Request:  # noqa: ARG002
        """With a bearer token, a user and a password, or a webhook's signature."""
        secrets = self._secrets
        headers: dict[str, str] = {}
        if "token" in secrets:
            headers["authorization"] = f"Bearer {secrets['token']}"
        elif "password" in secrets:
            pair = f"{self._entry.text('username')}:{secrets['password']}"
            encoded = base64.b64encode(pair.encode()).decode()
            secrets.remember("basic", encoded)
            headers["authorization"] = f"Basic {encoded}"
        if "secret" in secrets:
            headers |= signed(request.headers["webhook-id"], request.body, secrets["secret"], int(time.time()))
        return with_headers(request, headers)

    def refused(self) -> bool:
        """The same again would be refused again."""
        return False

    async def close(self) -> None:
        """Nothing is held."""


class Gitlab:
    """One token in the body starts a pipeline, another one in a header reads its state."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    async def ours(self, request: Request, timeout_s: float) -> Request:  # noqa: ARG002
        """With the token of triggers where something is sent, else with the one that reads."""
        if not request.body:
            token = {"private-token": self._secrets["token"]} if "token" in self._secrets else {}
            return with_headers(request, token)
        document = msgspec.json.decode(request.body, type=dict[str, object])
        body = msgspec.json.encode({**document, "token": self._secrets["trigger_token"]})
        return replace(request, body=body)

    def refused(self) -> bool:
        """The same again would be refused again."""
        return False

    async def close(self) -> None:
        """Nothing is held."""


class Asked:
    """A token that is asked for, and kept until it ends or is refused."""

    def __init__(self, login: Login, entry: Entry, secrets: Secrets, client: Client) -> None:
        self._login = login
        self._entry = entry
        self._secrets = secrets
        self._client = client  # of whoever gives tokens
        self._token = ""
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def ours(self, request: Request, timeout_s: float) -> Request:
        """With the token, a new one where there is none or it ends soon."""
        async with self._asking:
            if not self._token or time.monotonic() >= self._until:
                await self._ask(timeout_s)
        return with_headers(request, {"authorization": f"Bearer {self._token}"})

    async def _ask(self, timeout_s: float) -> None:
        reply = await self._client.send(self._login.request(self._entry, self._secrets), timeout_s)
        token = word(reply.document, self._login.token)
        if reply.status not in {200, 201} or not token:
            raise Unreached(f"no token: answered {reply.status}{said(reply) if reply.status >= 400 else ''}")
        lasts = word(reply.document, self._login.lasts)
        seconds = float(lasts) if lasts.isdigit() and len(lasts) < 9 else USUAL_S + EARLY_S
        self._secrets.remember("asked", token)
        self._token = token
        self._until = time.monotonic() + max(seconds - EARLY_S, 0.0)

    def refused(self) -> bool:
        """Another token may do."""
        known = bool(self._token)
        self._token = ""
        return known

    async def close(self) -> None:
        """Close the connection to whoever gives tokens."""
        await self._client.close()


class Signed:
    """AWS's signature."""

    def __init__(self, signer: Signer, base: str, secrets: Secrets) -> None:
        self._signer = signer
        self._secrets = secrets
        self._base = base

    async def ours(self, request: Request, timeout_s: float) -> Request:  # noqa: ARG002
        """Signed in a thread: credentials may have to be fetched."""
        headers = await asyncio.to_thread(self._signer.headers, request, self._base)
        for name in ("authorization", "x-amz-security-token"):
            self._secrets.remember(name, headers.get(name, ""))
        return with_headers(request, headers)

    def refused(self) -> bool:
        """The same again would be refused again."""
        return False

    async def close(self) -> None:
        """Nothing is held."""


def with_headers(request: Request, headers: Mapping[str, str]) -> Request:
    """The request with more headers."""
    return replace(request, headers={**request.headers, **headers})
