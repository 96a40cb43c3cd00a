"""Runs the application inside the service's own loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send

GRACE_SECONDS = 1  # a scrape in flight may finish; a shutdown as a whole has 5 s


class ListenFailed(Exception):
    """The address cannot be listened on; the message says why, for a person."""


class _Server(uvicorn.Server):
    """Leaves signals to the service, which must finish its batch before it goes."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(address: str, named: str = "http.listen") -> socket.socket:
    """A listening socket at `host:port`; port 0 takes a free one. ListenFailed says what stands in the way.

    `named`: where a person has written the address.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        family, kind, protocol, _, found = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenFailed(f"{named}: {host!r} is not an address of this machine ({error})") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ListenFailed(
            f"{named}: cannot listen on {host}:{port} ({error.strerror}); "
            f"end the program that uses it, or choose another address with {named}"
        ) from error
    return listener


def shown_address(listener: socket.socket) -> str:
    """Where a listener is, for a browser."""
    return "http://{}:{}".format(*listener.getsockname()[:2])


def headed(app: ASGIApp) -> ASGIApp:
    """Answers HEAD as GET, for load balancers and `curl -I`; the server leaves the body out (RFC 9110, 9.3.2)."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        asked = dict(scope)
        await app(cast("Scope", asked | {"method": "GET"}) if asked.get("method") == "HEAD" else scope, receive, send)

    return answered


async def serve_on(app: Litestar, listener: socket.socket) -> None:
    """Serve until cancelled; what is in flight then has a moment to finish."""
    server = _Server(
        uvicorn.Config(
            headed(app), log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=GRACE_SECONDS
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        listener.close()
