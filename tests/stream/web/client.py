"""Asking the application without a socket. Its routes are registered once: that takes as long as twenty requests."""

from contextvars import ContextVar
from functools import cache

from litestar import Litestar
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send

from stream.web.app import Served, application

Client = TestClient[ASGIApp]
_served: ContextVar[Served] = ContextVar("_served")


def client_over(served: Served) -> Client:
    """A client that is told of this, whatever others are told of meanwhile; the application itself never ends."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for end in ("startup", "shutdown"):
                assert f"lifespan.{end}" == (await receive())["type"]
                await send({"type": f"lifespan.{end}.complete"})  # type: ignore[typeddict-item, misc]  # one of the two
        else:
            _served.set(served)  # each request is a task, which has a context of its own
            await _application()(scope, receive, send)

    return TestClient(app)


@cache
def _application() -> Litestar:
    return application(_served.get)
