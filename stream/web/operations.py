"""What machines ask of any process: is it alive, is it ready, and the text that Prometheus scrapes."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST

from stream.web.problem import Problem


@dataclass(frozen=True)
class Health:
    """Where the answers come from; asked from several threads."""

    unready: Callable[[], str]  # why it does not do its work; empty when it does
    exposition: Callable[[], bytes]


Asked = NamedDependency[Health]  # how a handler asks for it


@get("/health/live", media_type=MediaType.JSON, include_in_schema=True, sync_to_thread=False)
def live() -> dict[str, str]:
    """Answers as long as the loop turns: restart the process when it does not."""
    return {"status": "alive"}


@get("/health/ready", media_type=MediaType.JSON, sync_to_thread=False)
def ready(health: Asked) -> Response[dict[str, str] | Problem]:
    """200 when events are read and their sums kept, else 503 with the reason."""
    if reason := health.unready():
        return Response(Problem(503, reason), status_code=503)
    return Response({"status": "ready"})


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def metrics(health: Asked) -> Response[bytes]:
    """The Prometheus exposition."""
    return Response(health.exposition(), media_type=CONTENT_TYPE_LATEST)


OPERATIONS = (live, ready, metrics)
