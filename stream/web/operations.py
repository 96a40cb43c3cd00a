"""What machines ask: is it alive, is it ready, and the text that Prometheus scrapes."""

from litestar import MediaType, Response, get
from prometheus_client import CONTENT_TYPE_LATEST

from stream.web.answers import Problem
from stream.web.sources import Given


@get("/health/live", media_type=MediaType.JSON, include_in_schema=True, sync_to_thread=False)
def live() -> dict[str, str]:
    """Answers as long as the loop turns: restart the process when it does not."""
    return {"status": "alive"}


@get("/health/ready", media_type=MediaType.JSON, sync_to_thread=False)
def ready(sources: Given) -> Response[dict[str, str] | Problem]:
    """200 when events are read and committed, else 503 with the reason."""
    status = sources.status()
    if status.ready:
        return Response({"status": "ready"})
    return Response(Problem(503, status.problem or status.reason), status_code=503)


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def metrics(sources: Given) -> Response[bytes]:
    """The Prometheus exposition."""
    return Response(sources.exporter.text(), media_type=CONTENT_TYPE_LATEST)
