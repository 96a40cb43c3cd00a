"""`/v1/models/{model}/folded`, and the same on the page: events whose value of a segment field is not told apart."""

from datetime import datetime

from litestar import get
from msgspec import Struct

from sinks.commit import FOLDED, Store
from stream.web.answers import Page, answers
from stream.web.filters import Asked, Named, Segment, Version, page, where
from stream.web.page.html import Html, join, table, tag
from stream.web.sources import Given

ROWS_SUMMED = 1_000  # the newest: at least some hours, however many fields there are


class Folded(Struct, frozen=True):
    """Events of one pane and version that count as `(other)` of a segment field, `of` all of them."""

    model: str
    version: str
    segment: str
    start: datetime
    end: datetime
    events: int
    of: int


@get("/v1/models/{model:str}/folded", sync_to_thread=True)
def list_folded(
    sources: Given, span: Asked, model: Named, version: Version = None, segment: Segment = None
) -> Page[Folded]:
    """Events whose value of a segment field has no row of its own, by pane, newest first."""
    filters = where(model=sources.addressed(model), version=version, segment=segment)
    return page(sources.store, FOLDED, filters, span, Folded)


def folded_of(store: Store, name: str) -> Html:
    """The fields with other values, the largest share first; nothing where every value is told apart."""
    newest = store.select(FOLDED, where={"model": name}, order=("end",), descending=True, limit=ROWS_SUMMED)
    found = answers(newest, Folded)
    if not found:
        return join()
    sums: dict[str, tuple[int, int]] = {}
    for each in found:
        events, of = sums.get(each.segment, (0, 0))
        sums[each.segment] = (events + each.events, of + each.of)
    ordered = sorted(sums.items(), key=lambda one: (-one[1][0] / one[1][1], one[0]))
    rows: list[tuple[str, ...]] = [(field, f"{events:,}", f"{events / of:.1%}") for field, (events, of) in ordered]
    caption = (
        "In the newest panes that have any: values beyond limits.segments, and those that the reference does not have"
    )
    inner = table(("Segments by", "Events", "Share"), rows, caption)
    return tag("details", tag("summary", f"{len(rows)} segments with other values"), inner, class_="card")
