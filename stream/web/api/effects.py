"""`/v1/models/{model}/effects`, and the same on the page: how large changes are by distances that judge nothing."""

from datetime import datetime

from litestar import get
from msgspec import Struct

from sinks.commit import EFFECTS, Store, Where
from stream.web.answers import Page, answers
from stream.web.filters import Asked, Feature, Length, Measure, Named, Segment, Version, page, where
from stream.web.page.html import Html, join, tag
from stream.web.sources import Given
from stream.web.times import nanoseconds


class Effect(Struct, frozen=True):
    """One distance of one feature in one window: those that `drift.measures` names."""

    model: str
    version: str
    segment: str
    feature: str
    length: str
    start: datetime
    end: datetime
    measure: str
    value: float | None


@get("/v1/models/{model:str}/effects", sync_to_thread=True)
def list_effects(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Named,
    feature: Feature = None,
    measure: Measure = None,
    version: Version = None,
    segment: Segment = "",
    length: Length = None,
) -> Page[Effect]:
    """The distances of a model's features that are kept beside those that judge, newest first."""
    names = {"version": version, "segment": segment, "feature": feature, "measure": measure}
    filters = where(length, model=sources.addressed(model), **names)
    return page(sources.store, EFFECTS, filters, span, Effect)


def effects_of(store: Store, key: Where, end: datetime) -> Html:
    """Those of a feature in the window that ends there; nothing where none were asked for."""
    at = nanoseconds(end)
    found = answers(store.select(EFFECTS, where=dict(key), since=at, until=at + 1, order=("measure",)), Effect)
    if not found:
        return join()
    figures = (
        tag("div", tag("dt", one.measure.replace("_", " ")), tag("dd", f"{one.value:.4g}"))
        for one in found
        if one.value is not None
    )
    return join(
        tag("dl", *figures, class_="signs small"),
        tag("p", "How large the change is by other distances; they judge nothing.", class_="quiet"),
    )
