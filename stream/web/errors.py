"""Refusals as sentences: every error of the API is a JSON object with its status and what went wrong."""

from collections.abc import Mapping
from difflib import get_close_matches

from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import ClientException, HTTPException, NotFoundException, ValidationException
from litestar.handlers import BaseRouteHandler

from sinks.commit import StoreError
from stream.web.page.html import document, section, tag
from stream.web.problem import Problem

SHOWN = 10  # names
Asking = Request[object, object, State]
Refusal = Response[Problem] | Response[str]


def refusal(request: Asking, error: HTTPException) -> Refusal:
    """An HTTP error as JSON, or as a page where a person opened one."""
    return _answer(request, error.status_code, _sentence(error), error.headers)


def store_failure(request: Asking, error: StoreError) -> Refusal:
    """A store that cannot answer: the world's fault, worth another try."""
    return _answer(request, 503, f"The store does not answer: {error}")


def known_parameters(connection: ASGIConnection[object, object, object, State], _: BaseRouteHandler) -> None:
    """Refuse a query parameter that the route does not have: a filter misspelt would otherwise filter nothing."""
    schema = connection.app.openapi_schema.paths or {}
    operation = schema[connection.scope["path_template"]].get
    declared = (operation.parameters if operation else None) or []
    names = [parameter.name for parameter in declared if hasattr(parameter, "name")]
    for name in connection.query_params:
        if name not in names:
            raise ClientException(f"There is no filter {name!r} here{nearest(name, names)}")


def unknown(kind: str, name: str, known: tuple[str, ...]) -> NotFoundException:
    """Not found, with the nearest name that there is."""
    return NotFoundException(f"There is no {kind} {name!r}{nearest(name, known)}")


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """The end of a sentence: what may have been meant."""
    match = get_close_matches(name, known, n=1)
    if match:
        return f"; did you mean {match[0]!r}?"
    names = sorted(filter(None, known))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"; there are {', '.join(names[:SHOWN])}{more}." if names else "; there are none yet."


def _sentence(error: HTTPException) -> str:
    """Litestar's own validation errors name the parameter only in `extra`."""
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        return "; ".join(f"{each['key']}: {each['message']}" for each in error.extra)
    return error.detail


def _answer(request: Asking, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Refusal:
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/"):
        text = tag("p", sentence, " ", tag("a", "To all models", href="/"))
        page: str = document("Not here", section(f"Error {status}", text))
        return Response(page, status_code=status, media_type=MediaType.HTML)
    return Response(Problem(status, sentence), status_code=status, media_type=MediaType.JSON, headers=headers)
