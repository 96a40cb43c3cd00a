"""The query string, typed: what to look for, in which stretch of event time, and which page of it."""

from datetime import datetime
from typing import Annotated, Literal

from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import PathParameter, QueryParameter
from msgspec import Struct

from sinks.commit import Store, Table
from stream.config.units import duration
from stream.web.answers import Answer, Found, Page, answers
from stream.web.times import nanoseconds

LIMIT_MAX = 1_000

Named = Annotated[str, PathParameter(description="The model's name; a `/` in it is written `%252F`.")]
Version = Annotated[str | None, QueryParameter(description="The model's version.")]
Name = Annotated[str | None, QueryParameter(description="The model's name.")]
Segment = Annotated[str | None, QueryParameter(description="`field=value`; empty for all events.")]
Feature = Annotated[str | None, QueryParameter(description="The feature's name.")]
Metric = Annotated[str | None, QueryParameter(description="What was measured, such as `accuracy`.")]
Measure = Annotated[str | None, QueryParameter(description="The distance, such as `hellinger`.")]
Test = Annotated[str | None, QueryParameter(description="The test, such as `ks`.")]
Length = Annotated[str | None, QueryParameter(description="The window's length, such as `5m`, `1h` or `1d`.")]
Detector = Annotated[str | None, QueryParameter(description="The detector, such as `psi`.")]
IncidentId = Annotated[str | None, QueryParameter(description="The incident they belong to.")]
VerdictName = Annotated[Literal["ok", "drift", "unknown"] | None, QueryParameter(description="The verdict.")]


class Span(Struct, frozen=True):
    """A stretch of event time, [since, until) in ns, and a page of its rows."""

    since: int | None
    until: int | None
    limit: int
    offset: int


Asked = NamedDependency[Span]  # how a handler asks for it


def span(
    since: Annotated[datetime | None, QueryParameter(description="Event time from which on, RFC 3339.")] = None,
    until: Annotated[datetime | None, QueryParameter(description="Event time before which, RFC 3339.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX, description="Rows per page.")] = 100,
    offset: Annotated[int, QueryParameter(ge=0, le=10_000_000, description="`next` of the page before.")] = 0,
) -> Span:
    """The stretch and page that a request asks for, newest rows first. Pin `until` to page while windows close."""
    if since and until and nanoseconds(until) <= nanoseconds(since):
        raise ClientException("until: it lies before since, so nothing can be found")
    return Span(
        nanoseconds(since) if since else None,
        nanoseconds(until) if until else None,
        limit,
        offset,
    )


def where(length: str | None = None, **names: str | None) -> dict[str, str | int]:
    """The filters that were given, as the store wants them."""
    given: dict[str, str | int] = {name: value for name, value in names.items() if value is not None}
    if length is not None:
        try:
            given["length"] = duration(length)
        except ValueError as error:
            raise ClientException(f"length: {length!r} is not {error}") from error
    return given


def page(store: Store, table: Table, filters: dict[str, str | int], span: Span, kind: type[Answer]) -> Page[Answer]:
    """One page of the newest rows that match, as records of a type."""
    found, following = paged(store, table, filters, span)
    return Page(answers(found, kind), following)


def paged(store: Store, table: Table, filters: dict[str, str | int], span: Span) -> tuple[Found, int | None]:
    """The newest rows that match, and the offset of the next page, which one row more tells of."""
    newest_first = (table.time, *(name for name in table.key if name != table.time))
    found = store.select(
        table,
        where=filters,
        since=span.since,
        until=span.until,
        order=newest_first,
        descending=True,
        limit=span.limit + 1,
        offset=span.offset,
    )
    more = len(found[table.time]) > span.limit
    return {name: column[: span.limit] for name, column in found.items()}, span.offset + span.limit if more else None
