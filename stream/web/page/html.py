"""HTML as values: text is escaped unless it is Html already, so a feature's name cannot become markup."""

from datetime import datetime
from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import version
from importlib.resources import files

import msgspec

from stream.web.times import short


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


_EMPTY_ELEMENTS = frozenset({"img", "link", "meta"})


def tag(name: str, /, *children: str, **attributes: str | bool) -> Html:
    """One element. Attribute names lose a trailing underscore and get hyphens; False leaves one out.

    >>> tag("a", "1 < 2", class_="x")
    '<a class="x">1 &lt; 2</a>'
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not False
    )
    if name in _EMPTY_ELEMENTS:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str) -> Html:
    """The children side by side."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def time(at: datetime) -> Html:
    """A moment, readable by people and by programs."""
    return tag("time", short(at), datetime=at.isoformat())


def badge(word: str) -> Html:
    """A state or verdict, told by its word; the colour only repeats it."""
    return tag("span", word, class_=f"badge {word.replace(' ', '-')}")  # as two, "not drifted" would look drifted


def named(name: str) -> Html:
    """A name in a table, which breaks wherever it must: publishers choose its length."""
    return tag("span", name, class_="long")


def progress(share: float, label: str) -> Html:
    """A bar for a share from 0 to 1."""
    percent = f"{100 * share:.0f}"
    bar = tag("span", "", class_="bar", style=f"width: {percent}%")
    return tag("span", bar, class_="progress", role="progressbar", aria_valuenow=percent, aria_label=label)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]], caption: str) -> Html:
    """A table that scrolls by itself on a narrow screen."""
    columns = tag("tr", *(tag("th", name, scope="col") for name in head))
    body = (tag("tr", *(tag("td", cell) for cell in row)) for row in rows)
    inner = tag("table", tag("caption", caption), tag("thead", columns), tag("tbody", *body))
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def chart(name: str, figure: object, caption: str) -> Html:
    """A chart: its data as JSON beside the place where the script draws it, and its meaning in words."""
    # Inside a script element only "</" would end it; "<" as an escape can never do so.
    data = Html(msgspec.json.encode(figure).decode().replace("<", "\\u003c"))
    return tag(
        "figure",
        tag("div", "", class_="chart", id=f"chart-{name}", role="img", aria_label=caption),
        tag("script", data, type="application/json", id=f"figure-{name}"),
        tag("figcaption", caption),
    )


def section(title: str, *children: str, note: str = "") -> Html:
    """A part of a page under a heading."""
    heading = tag("header", tag("h2", title), *([tag("p", note, class_="note")] if note else []))
    return tag("section", heading, *children, class_="card")


@cache
def _stamp() -> str:
    """What the files are, for browsers keep them for a day: a build with others must not be shown in the old ones."""
    assets = files("stream.web") / "assets"
    return sha256(b"".join((assets / name).read_bytes() for name in ("style.css", "page.js"))).hexdigest()[:12]


def document(title: str, banner: str, *body: str) -> Html:
    """A whole page. What stands in `main` is refreshed in place by the script; without it the page is complete too."""
    release = version("driftline")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · driftline"),
        tag("link", rel="icon", href="/assets/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=f"/assets/style.css?{_stamp()}"),
        tag("script", "", src="/assets/plotly.min.js", defer=True),
        tag("script", "", src=f"/assets/page.js?{_stamp()}", defer=True),
    )
    links = (("/v1/models", "API"), ("/schema", "OpenAPI"), ("/metrics", "Metrics"))
    navigation = tag("nav", *(tag("a", text, href=href) for href, text in links), aria_label="machine-readable")
    brand = tag(
        "a", tag("img", src="/assets/icon.svg", alt="", width="22", height="22"), "driftline", href="/", class_="brand"
    )
    top = tag("header", brand, navigation, class_="top")
    main = tag("main", banner, *body, id="main", tabindex="-1")
    skip = tag("a", "Skip to the content", href="#main", class_="skip")
    foot = tag("footer", f"driftline {release}", tag("span", "", id="refreshed", role="status"))
    return join(Html("<!doctype html>"), tag("html", head, tag("body", skip, top, main, foot), lang="en"))
