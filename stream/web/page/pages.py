"""The pages that people open, and the files that they load; nothing comes from another address."""

from importlib.resources import files

from litestar import MediaType, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import File

from stream.web.page.detail import Selected, detail
from stream.web.page.overview import overview as overview_page
from stream.web.sources import Given

_ASSETS = files("stream.web") / "assets"
_PLOTLY = files("plotly") / "package_data" / "plotly.min.js"
_DAY = {"Cache-Control": "max-age=86400"}


@get("/", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=True)
def overview(sources: Given) -> str:
    """All models."""
    return overview_page(sources)


@get("/models/{name:path}", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=True)
def model(  # noqa: PLR0913, PLR0917 - the query string
    sources: Given,
    name: FromPath[str],
    version: FromQuery[str] = "",
    segment: FromQuery[str] = "",
    length: FromQuery[str] = "",
    feature: FromQuery[str] = "",
    metric: FromQuery[str] = "",
) -> str:
    """One model; its name may contain slashes."""
    name = name.removeprefix("/")
    sources.known(name)
    return detail(sources, name, Selected(version, segment, length, feature, metric))


@get("/assets/style.css", include_in_schema=False, sync_to_thread=False)
def style() -> Response[bytes]:
    """How the pages look."""
    return Response((_ASSETS / "style.css").read_bytes(), media_type="text/css", headers=_DAY)


@get("/assets/page.js", include_in_schema=False, sync_to_thread=False)
def script() -> Response[bytes]:
    """Draws charts and refreshes pages."""
    return Response((_ASSETS / "page.js").read_bytes(), media_type="text/javascript", headers=_DAY)


@get("/assets/icon.svg", include_in_schema=False, sync_to_thread=False)
def icon() -> Response[bytes]:
    """The icon of the browser's tab."""
    return Response((_ASSETS / "icon.svg").read_bytes(), media_type="image/svg+xml", headers=_DAY)


@get("/assets/plotly.min.js", include_in_schema=False, sync_to_thread=False)
def plotly() -> File:
    """The charts' script, out of the installed wheel; streamed, because it has 5 MB."""
    return File(str(_PLOTLY), media_type="text/javascript", headers=_DAY, content_disposition_type="inline")
