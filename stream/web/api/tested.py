"""`/v1/models/{model}/tested`, and the same on the page: what two-sample tests say of windows."""

from collections.abc import Sequence
from datetime import datetime

from litestar import get
from msgspec import Struct

from sinks.commit import TESTED, Store, Where
from stream.web.answers import Page, answers
from stream.web.filters import Asked, Feature, Length, Named, Test, Version, page, where
from stream.web.page.html import Html, join, table, tag
from stream.web.sources import Given
from stream.web.times import nanoseconds

PAIRS = "pairs"  # a verdict
LEAST = 1e-4  # a chance that is told as "below"
HEAD = ("test", "effect", "chance", "values", "of the reference")


class Tested(Struct, frozen=True):
    """What one test says of one window; `feature` is empty where all numeric features are tested together.

    `p` is the chance of a greater statistic without a change, if events are independent; null where it is not known.
    """

    model: str
    version: str
    feature: str
    length: str
    start: datetime
    end: datetime
    test: str
    statistic: float | None
    p: float | None
    effect: float | None
    n: int
    n_reference: int
    words: str


@get("/v1/models/{model:str}/tested", sync_to_thread=True)
def list_tested(  # noqa: PLR0913, PLR0917 - the query string, spelled out for OpenAPI
    sources: Given,
    span: Asked,
    model: Named,
    feature: Feature = None,
    test: Test = None,
    version: Version = None,
    length: Length = None,
) -> Page[Tested]:
    """What the tests say that `drift.tests` and `drift.together` name, newest first; `feature=` asks for the latter."""
    filters = where(length, model=sources.addressed(model), version=version, feature=feature, test=test)
    return page(sources.store, TESTED, filters, span, Tested)


def tests_of(store: Store, key: Where, end: datetime) -> Html:
    """Those of a feature in the window that ends there, and those of all; nothing where none were made."""
    about = {name: key[name] for name in ("model", "version", "length")}
    at = nanoseconds(end)
    found = answers(store.select(TESTED, where=about, since=at, until=at + 1, order=("test",)), Tested)
    alone = [one for one in found if one.feature == key["feature"]] if not key["segment"] else []
    together = [one for one in found if not one.feature]
    return join(
        _table(alone, "Tests of two samples: this window and the reference.") if alone else "",
        _table(together, "Tests of all numeric features together, and what moved them.") if together else "",
        tag("p", "Chances take events to be independent; they decide no verdict.", class_="quiet")
        if any(one.test != PAIRS for one in (*alone, *together))
        else "",
    )


def _table(found: Sequence[Tested], caption: str) -> Html:
    told = any(one.words for one in found)
    rows = [
        (
            one.test.replace("_", " "),
            "" if one.effect is None else f"{one.effect:.3g}",
            _chance(one.p),
            f"{one.n:,}",
            f"{one.n_reference:,}",
            *([one.words] if told else []),
        )
        for one in found
    ]
    return table((*HEAD, *(["moved by"] if told else [])), rows, caption)


def _chance(p: float | None) -> str:
    if p is None:
        return "not known"
    return f"below {LEAST:.4f}" if p < LEAST else f"{p:.4f}"
