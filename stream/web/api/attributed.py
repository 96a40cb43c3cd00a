"""`/v1/models/{model}/attributions`, and the same on the page: whether a model still looks at the same features."""

from datetime import datetime

from litestar import get
from msgspec import Struct

from sinks.commit import ATTRIBUTIONS, Store, Where
from stream.web.answers import Page, answers
from stream.web.filters import Asked, Length, Named, Version, page, where
from stream.web.page.html import Html, badge, join, section, table
from stream.web.sources import Given
from stream.web.times import short

SHOWN = 6  # windows on the page
HEAD = ("window to", "agreement", "at most", "asked for", "values", "verdict", "features that moved")
NOTE = "Features in the order of their mean attributions, beside the reference's order: 1 where it is the same (NDCG)."


class Agreement(Struct, frozen=True):
    """One window: `ndcg` is the agreement, `at_most` what it may be for all that chance does; null if not known."""

    model: str
    version: str
    length: str
    start: datetime
    end: datetime
    ndcg: float | None
    at_most: float | None
    least: float
    n: int
    n_reference: int
    verdict: str
    words: str


@get("/v1/models/{model:str}/attributions", sync_to_thread=True)
def list_attributions(
    sources: Given, span: Asked, model: Named, version: Version = None, length: Length = None
) -> Page[Agreement]:
    """How well the order of a model's attributions agrees with the reference's, newest first."""
    filters = where(length, model=sources.addressed(model), version=version)
    return page(sources.store, ATTRIBUTIONS, filters, span, Agreement)


def attributions_of(store: Store, key: Where) -> Html:
    """The newest windows; nothing where events have no attributions."""
    found = store.select(ATTRIBUTIONS, where=dict(key), order=("end",), descending=True, limit=SHOWN)
    told = answers(found, Agreement)
    if not told:
        return join()
    rows: list[tuple[str, ...]] = [
        (
            short(one.end),
            _figure(one.ndcg),
            _figure(one.at_most),
            f"{one.least:g}",
            f"{one.n:,}",
            badge(one.verdict),
            one.words,
        )
        for one in told
    ]
    return section("Attributions", table(HEAD, rows, "Agreement of the order of attributions."), note=NOTE)


def _figure(value: float | None) -> str:
    return "not known" if value is None else f"{value:.3f}"
