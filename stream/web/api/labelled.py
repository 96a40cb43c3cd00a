"""`/v1/models/{model}/performance` and `/labels`: what labels say of one model, and what became of them."""

from litestar import get

from sinks.commit import MET
from stream.web.answers import Fates, Page, Performance
from stream.web.filters import Asked, Length, Metric, Named, Segment, Version, page, where
from stream.web.performance.revisions import revised
from stream.web.sources import Given


@get("/v1/models/{model:str}/performance", sync_to_thread=True)
def list_performance(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Named,
    version: Version = None,
    metric: Metric = None,
    segment: Segment = None,
    length: Length = None,
) -> Page[Performance]:
    """How good a model was in its windows, as far as labels say, newest first; of each number its newest revision."""
    filters = where(length, model=sources.addressed(model), version=version, metric=metric, segment=segment)
    found, following = revised(sources.store, filters, span)
    return Page(found, following)


@get("/v1/models/{model:str}/labels", sync_to_thread=True)
def list_labels(sources: Given, span: Asked, model: Named) -> Page[Fates]:
    """What became of a model's predictions and labels, step by step, newest first."""
    return page(sources.store, MET, where(model=sources.addressed(model)), span, Fates)
