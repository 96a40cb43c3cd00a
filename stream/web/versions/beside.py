"""`/v1/models/{model}/compare` and `/versions/{version}/health`: versions side by side, and a deployment gate."""

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import unquote

from litestar import HttpMethod, Response, get, route
from litestar.exceptions import ClientException
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from msgspec.structs import replace

from detectors.performance.versions.comparable import METRICS
from detectors.performance.versions.tallied import TALLIED
from stream.answers.own import compared_as, tallied_as
from stream.web import errors
from stream.web.filters import Length, Metric, Named, where
from stream.web.sources import Given, Sources
from stream.web.times import nanoseconds
from stream.web.versions.gate import Health, health
from stream.web.versions.pair import settings_of, versions
from stream.web.versions.sides import Compared, Question, compared

ITSELF = "incumbent: it is the candidate, and a version is as good as itself"
Candidate = Annotated[str | None, QueryParameter(description="A version; left out, the newest.")]
Incumbent = Annotated[
    str | None, QueryParameter(description="The version it may replace; left out, the older one that was seen last.")
]
Since = Annotated[datetime | None, QueryParameter(description="Event time from which on, RFC 3339.")]
Margin = Annotated[
    float | None,
    QueryParameter(
        ge=0,
        description="By how much it may be worse than its incumbent; left out, `tolerate` of the incumbent's value.",
    ),
]
Unknown = Annotated[
    Literal["pass", "fail"],
    QueryParameter(description="Whether a gate lets a version pass of which too little is known."),
]
Code = Annotated[bool, QueryParameter(description="false: answer 200 whatever the verdict, for who reads the body.")]
VersionNamed = Annotated[str, PathParameter(description="The version; a `/` in it is written `%252F`.")]


@get("/v1/models/{model:str}/compare", sync_to_thread=True)
def compare_versions(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    model: Named,
    candidate: Candidate = None,
    incumbent: Incumbent = None,
    metric: Metric = None,
    since: Since = None,
    length: Length = None,
) -> Compared:
    """Two versions side by side: the difference of a metric, an interval that holds at every look, and a verdict."""
    name = sources.addressed(model)
    asked = question(sources, name, candidate, incumbent, metric, since, length)
    return compared(sources, name, asked)[0]


@route(
    "/v1/models/{model:str}/versions/{version:str}/health",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    status_code=200,
    responses={503: ResponseSpec(Health, description="Unhealthy, or unknown where that fails.")},
    sync_to_thread=True,
)
def version_health(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    model: Named,
    version: VersionNamed,
    incumbent: Incumbent = None,
    metric: Metric = None,
    since: Since = None,
    margin: Margin = None,
    unknown: Unknown = "pass",
    code: Code = True,
) -> Response[Health]:
    """The health of a version: 200 if healthy, 503 if unhealthy; unknown as asked. POST: for gates that cannot GET."""
    name = sources.addressed(model)
    known = {each.version for each in versions(sources, name)}
    version = next((each for each in (version, unquote(version)) if each in known), version)
    if version == incumbent:
        raise ClientException(ITSELF)
    asked = question(sources, name, None, incumbent, metric, since, None)
    found = health(sources, name, replace(asked, candidate=version), margin)
    refused = found.verdict == "unhealthy" or (found.verdict == "unknown" and unknown == "fail")
    return Response(found, status_code=503 if refused and code else 200)


def question(  # noqa: PLR0913, PLR0917 - what a query string may say
    sources: Sources,
    model: str,
    candidate: str | None,
    incumbent: str | None,
    metric: str | None,
    since: datetime | None,
    length: str | None,
) -> Question:
    """What is asked, once there are such versions, and such a metric."""
    known = [each.version for each in versions(sources, model)]
    for version in (candidate, incumbent):
        if version is not None and version not in known:
            raise errors.unknown("version", version, tuple(known))
    if candidate is not None and candidate == incumbent:
        raise ClientException(ITSELF)
    settings = settings_of(sources, model)
    if metric is not None and compared_as(settings, metric) is None and tallied_as(settings, metric) is None:
        known_names = [*METRICS, *TALLIED, *settings.metrics]
        raise ClientException(f"metric: {metric!r} cannot be compared{errors.nearest(metric, known_names)}")
    asked = where(length).get("length", 0)
    return Question(
        candidate or "", incumbent or "", metric or "", None if since is None else nanoseconds(since), int(asked)
    )
