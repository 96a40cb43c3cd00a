"""What a worker answers: its health and its numbers. It has no store, so no page."""

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException

from stream.web.errors import refusal
from stream.web.operations import OPERATIONS, Health


def health_application(health: Health) -> Litestar:
    """The routes that every process has."""
    return Litestar(
        OPERATIONS,
        dependencies={"health": Provide(lambda: health, sync_to_thread=False)},
        exception_handlers={HTTPException: refusal},
        logging_config=None,
        openapi_config=None,
    )
