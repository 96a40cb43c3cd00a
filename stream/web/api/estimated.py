"""`/v1/models/{model}/estimates`, `/weighted`, `/reconciled`: how good a model probably is, and what became of it."""

from litestar import get

from sinks.commit import ESTIMATES, RECONCILED, WEIGHTED
from stream.web.answers import Page
from stream.web.filters import Asked, Length, Metric, Named, Segment, Version, page, where
from stream.web.performance.estimates import Estimate, Reconciled, Weighted
from stream.web.sources import Given


@get("/v1/models/{model:str}/estimates", sync_to_thread=True)
def list_estimates(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Named,
    version: Version = None,
    metric: Metric = None,
    segment: Segment = None,
    length: Length = None,
) -> Page[Estimate]:
    """How good a model probably was in its windows, before any label, newest first."""
    filters = where(length, model=sources.addressed(model), version=version, metric=metric, segment=segment)
    return page(sources.store, ESTIMATES, filters, span, Estimate)


@get("/v1/models/{model:str}/weighted", sync_to_thread=True)
def list_weighted(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given, span: Asked, model: Named, version: Version = None, metric: Metric = None, length: Length = None
) -> Page[Weighted]:
    """The second opinion on a model's windows, by their inputs alone, before any label; newest first."""
    filters = where(length, model=sources.addressed(model), version=version, metric=metric)
    return page(sources.store, WEIGHTED, filters, span, Weighted)


@get("/v1/models/{model:str}/reconciled", sync_to_thread=True)
def list_reconciled(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given, span: Asked, model: Named, version: Version = None, metric: Metric = None, length: Length = None
) -> Page[Reconciled]:
    """Estimates of the shortest windows, first and second opinions, beside what their labels said, newest first."""
    filters = where(length, model=sources.addressed(model), version=version, metric=metric)
    return page(sources.store, RECONCILED, filters, span, Reconciled)
