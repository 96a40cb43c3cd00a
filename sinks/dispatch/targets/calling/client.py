"""The HTTP client of all targets: aiohttp, with bounds.

aiohttp comes with Faust, which hosts the dispatcher, so it costs no dependency. Its resolver can be replaced, and it
connects to exactly the addresses that the resolver returns: what was checked is what is reached, and a name that
changes its mind between the check and the connection (DNS rebinding) gains nothing. TLS is verified against the name.
No proxy is asked, no cookie is kept, no redirect followed.
"""

import asyncio
import socket
import ssl
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from sinks.dispatch.targets.plans.addresses import allowed, named
from sinks.dispatch.targets.plans.exchange import Reply, Request

REPLY_BYTES_MAX = 1 << 20
CONNECTIONS_MAX = 4


class Unreached(Exception):
    """There was no reply: the connection failed, or took too long."""


class Forbidden(Exception):
    """The address may not be reached."""


class Client:
    """Requests below one base address."""

    def __init__(self, base: str, networks: tuple[str, ...] = (), ca_file: str = "") -> None:
        self._base = base.rstrip("/")
        self._networks = networks
        self._tls = ssl.create_default_context(cafile=ca_file or None)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request, timeout_s: float) -> Reply:
        """The reply, with at most `REPLY_BYTES_MAX` of its body. Unreached or Forbidden where there is none."""
        self._check()
        if self._session is None:
            self._session = self._opened()
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._session.request(
                    request.method,
                    URL(self._base + request.path, encoded=True),
                    data=request.body or None,
                    headers=request.headers,
                    allow_redirects=False,
                    ssl=self._tls,
                ) as answer,
            ):
                body = await _bounded(answer.content)
                names = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status, body, names, time.time())
        except TimeoutError:
            raise Unreached(f"no answer within {timeout_s:g} s") from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _Refusal):
                raise Forbidden(str(error.os_error)) from None
            raise Unreached(f"no connection: {error.os_error.strerror or type(error.os_error).__name__}") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            # The text of such an error may quote what was sent: its kind says enough.
            raise Unreached(f"the connection broke: {type(error).__name__}") from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _check(self) -> None:
        """An address written as a number is not resolved, so it is looked at here."""
        host = urlsplit(self._base).hostname or ""
        if ":" not in host and not host.replace(".", "").isdigit():
            return
        try:
            ip_address(host)
        except ValueError:
            raise Forbidden(f"{host} is neither a name nor an address") from None
        if why := _why_not(host, host, self._networks, readable=self._base.startswith("http:")):
            raise Forbidden(why)

    def _opened(self) -> aiohttp.ClientSession:
        resolver = _Checked(self._networks, readable=self._base.startswith("http:"))
        connector = aiohttp.TCPConnector(resolver=resolver, limit=CONNECTIONS_MAX, use_dns_cache=False)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"user-agent": "driftline", "accept-encoding": "identity"},
            auto_decompress=False,  # a small body may become a large one
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),  # ours is around everything
        )


class _Refusal(OSError):
    """Raised inside the resolver, where only an OSError is understood."""


class _Checked(AbstractResolver):
    """Resolves a name to addresses all of which may be reached."""

    def __init__(self, networks: tuple[str, ...], *, readable: bool) -> None:
        self._networks = networks
        self._readable = readable

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """One forbidden address forbids the name: the next question could be answered by it alone."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        addresses = [(kind, str(address[0])) for kind, _, _, _, address in found]
        for _, address in addresses:
            if why := _why_not(host, address, self._networks, readable=self._readable):
                raise _Refusal(why)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _why_not(host: str, address: str, networks: tuple[str, ...], *, readable: bool) -> str:
    if not allowed(address, networks):
        return f"{host} is at {address}, which is not public: name its network under `networks` if it is meant"
    if readable and not named(address, networks):
        return f"{host} is at {address}, outside of `networks`: only https goes there"
    return ""


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """The beginning of a body; the rest is not waited for."""
    body = bytearray()
    while len(body) < REPLY_BYTES_MAX and (piece := await content.read(REPLY_BYTES_MAX - len(body))):
        body += piece
    return bytes(body)
