"""`/v1`: the store's rows as JSON, with filters and pages. Handlers run in a thread, because the store blocks."""

from litestar import get
from litestar.exceptions import ClientException

from sinks.commit import DRIFT, FINDINGS, TRIGGERS, WINDOWS
from stream.web.answers import Finding, Model, Page, Point, Trigger, Window
from stream.web.filters import (
    Asked,
    Detector,
    Feature,
    IncidentId,
    Length,
    Name,
    Segment,
    VerdictName,
    Version,
    page,
    paged,
    where,
)
from stream.web.page.followed import Followed, followed
from stream.web.page.standing import standings, triggers
from stream.web.sources import Given


@get("/v1/models", sync_to_thread=True)
def list_models(sources: Given, model: Name = None) -> Page[Model]:
    """Every model with its state, its newest window, its open incident and its last trigger."""
    sources.known(model)
    standing = standings(sources, (model,) if model else sources.models())
    return Page([each.model for each in standing])


@get("/v1/windows", sync_to_thread=True)
def list_windows(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Name = None,
    version: Version = None,
    segment: Segment = None,
    length: Length = None,
    verdict: VerdictName = None,
) -> Page[Window]:
    """Closed windows with their verdict, newest first."""
    sources.known(model)
    filters = where(length, model=model, version=version, segment=segment, verdict=verdict)
    return page(sources.store, WINDOWS, filters, span, Window)


@get("/v1/series", sync_to_thread=True)
def list_series(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Name = None,
    feature: Feature = None,
    version: Version = None,
    segment: Segment = "",
    length: Length = None,
    verdict: VerdictName = None,
) -> Page[Point]:
    """The distances of a model's features over time, newest first. `model` is required."""
    if model is None:
        raise ClientException("model: say which model, such as ?model=fraud&feature=amount")
    sources.known(model)
    filters = where(length, model=model, version=version, segment=segment, feature=feature, verdict=verdict)
    return page(sources.store, DRIFT, filters, span, Point)


@get("/v1/findings", sync_to_thread=True)
def list_findings(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Name = None,
    version: Version = None,
    segment: Segment = None,
    feature: Feature = None,
    length: Length = None,
    detector: Detector = None,
    incident: IncidentId = None,
) -> Page[Finding]:
    """What exceeded its limit, with its words, newest first."""
    sources.known(model)
    filters = where(
        length,
        model=model,
        version=version,
        segment=segment,
        feature=feature,
        detector=detector,
        incident=incident,
    )
    return page(sources.store, FINDINGS, filters, span, Finding)


@get("/v1/incidents", sync_to_thread=True)
def list_incidents(sources: Given, model: Name = None) -> Page[Followed]:
    """Incidents that opened last, newest first, with the runs that they asked for, and whether these helped."""
    sources.known(model)
    return Page(followed(sources, model))


@get("/v1/triggers", sync_to_thread=True)
def list_triggers(
    sources: Given, span: Asked, model: Name = None, version: Version = None, incident: IncidentId = None
) -> Page[Trigger]:
    """Requests to retrain, newest first."""
    sources.known(model)
    found, following = paged(sources.store, TRIGGERS, where(model=model, version=version, incident=incident), span)
    return Page(triggers(sources.store, found), following)
