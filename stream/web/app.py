"""The web application: every route in one visible table, and what holds for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Self

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from sinks.commit import Store, StoreError
from sinks.prometheus import Exporter
from stream.config.settings import Settings
from stream.web.api import (
    asked,
    attributed,
    effects,
    estimated,
    exporting,
    folded,
    hooking,
    labelled,
    rows,
    served,
    speaking,
    tested,
)
from stream.web.errors import known_parameters, refusal, store_failure
from stream.web.filters import span
from stream.web.metrics import exporter as primed
from stream.web.operations import OPERATIONS, Health
from stream.web.page import pages
from stream.web.page.status import Status
from stream.web.performance import calibration, confusion
from stream.web.sources import Sources
from stream.web.versions import beside

API = (
    rows.list_models,
    rows.list_windows,
    rows.list_series,
    rows.list_findings,
    rows.list_incidents,
    rows.list_triggers,
    labelled.list_performance,
    labelled.list_labels,
    calibration.list_calibration,
    confusion.list_confusion,
    beside.compare_versions,
    beside.version_health,
    served.list_service,
    effects.list_effects,
    tested.list_tested,
    attributed.list_attributions,
    folded.list_folded,
    estimated.list_estimates,
    estimated.list_reconciled,
    estimated.list_weighted,
    exporting.export_tables,
    asked.list_controls,
    speaking.control,
    hooking.mlflow,
)
PAGES = (pages.overview, pages.model, pages.style, pages.script, pages.plotly, pages.icon)
# The page runs only what this process serves: a name or a category can never become a script.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        "style-src 'self' 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

CLOSED = speaking.Door()
DEAF = hooking.Receiver()


@dataclass(frozen=True)
class Served:
    """What handlers are given."""

    sources: Sources
    health: Health
    door: speaking.Door
    receiver: hooking.Receiver

    @classmethod
    def of(  # noqa: PLR0913 - what is served, and how it is spoken to
        cls,
        store: Store,
        status: Callable[[], Status],
        settings: Settings,
        exporter: Exporter | None = None,
        door: speaking.Door = CLOSED,
        *,
        receiver: hooking.Receiver = DEAF,
    ) -> Self:
        """One store, and what is true beside it.

        `exporter` is the sink that is shown every Commit; without one, /metrics says what the store held at the start.
        `door`: how something can be asked of the service; without one, by HTTP nothing can; `receiver`: who
        else is heard.
        """
        health = Health(lambda: _unready(status()), (exporter or primed(store, status, settings)).text)
        return cls(Sources(store, status, settings), health, door, receiver)


def application(served: Callable[[], Served]) -> Litestar:
    """The API, the page and /metrics; what they tell of may become another between two requests."""
    return Litestar(
        [*OPERATIONS, *PAGES, Router("/", route_handlers=API, guards=[known_parameters])],
        dependencies={
            "health": Provide(lambda: served().health, sync_to_thread=False),
            "sources": Provide(lambda: served().sources, sync_to_thread=False),
            "door": Provide(lambda: served().door, sync_to_thread=False),
            "receiver": Provide(lambda: served().receiver, sync_to_thread=False),
            "span": Provide(span, sync_to_thread=False),
        },
        exception_handlers={HTTPException: refusal, StoreError: store_failure},
        response_headers=HEADERS,
        logging_config=None,  # the service says how it logs
        openapi_config=OpenAPIConfig(
            title="driftline",
            version=version("driftline"),
            description="What the monitor found: windows, distances, performance, findings, incidents and triggers.",
            path="/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
    )


def _unready(status: Status) -> str:
    return "" if status.ready else status.problem or status.reason
