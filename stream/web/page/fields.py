"""Which fields of a model's events are counted, and which are not."""

from collections import Counter

import msgspec

from sinks.commit import UNWATCHED, Store
from stream.web.answers import Model
from stream.web.page.html import Html, join, table, tag

PANES_SUMMED = 288  # the newest: a day of five minutes, if each of them has any


def features_of(model: Model) -> Html:
    """The features, and where they come from."""
    if not model.features:
        return join()
    rows: list[tuple[str, ...]] = [
        (each.name, each.kind, "inferred from the data" if each.inferred else "declared") for each in model.features
    ]
    inner = table(("Feature", "Kind", "Origin"), rows, "What is counted")
    return tag("details", tag("summary", f"{len(rows)} features"), inner, class_="card")


def unwatched_of(store: Store, name: str) -> Html:
    """The fields that are not counted, the most frequent first; nothing where there are none."""
    found = store.select(UNWATCHED, where={"model": name}, order=("end",), descending=True, limit=PANES_SUMMED)
    fields: Counter[str] = Counter()
    for body in found["fields"].tolist():
        fields.update(msgspec.json.decode(body, type=dict[str, int]))
    if not fields:
        return join()
    looked_at = int(found["looked_at"].sum())
    rows: list[tuple[str, ...]] = [(field, f"{n / looked_at:.1%}") for field, n in fields.most_common()]
    caption = f"Of {looked_at:,} events, one in 256 of the panes with any: misspelt, new, or not declared"
    inner = table(("Field", "Events that carry it"), rows, caption)
    return tag("details", tag("summary", f"{len(rows)} fields that are not counted"), inner, class_="card")
