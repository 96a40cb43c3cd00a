"""An answer of the API: the running service's, or made of its store's file where no service has it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import urlopen

import msgspec
from litestar.exceptions import HTTPException

from sinks.commit import StoreLocked
from sinks.duck import DuckStore
from stream.cli.asking import ANSWER_S, NobodyAnswers, service_address
from stream.config.settings import Settings
from stream.web.page.status import Status
from stream.web.problem import Problem
from stream.web.sources import Sources


class Refused(Exception):
    """There is no such thing as was asked for; the message says what there is."""


def answered(
    settings: Settings, path: tuple[str, ...], query: Mapping[str, str], otherwise: Callable[[Sources], object]
) -> bytes:
    """The answer as JSON. Refused, NobodyAnswers, or what stores raise.

    `otherwise` makes it of the store's file, as the service would; it may raise HTTPException.
    """
    file = Path(settings.store.path)
    if not file.exists():
        return _asked(settings, path, query, f"there is no store at {file}")
    try:
        store = DuckStore(file, memory_limit=settings.store.memory_limit)
    except StoreLocked as error:
        return _asked(settings, path, query, str(error))
    try:
        return msgspec.json.encode(otherwise(Sources(store, Status, settings)))
    except HTTPException as error:
        raise Refused(error.detail) from error
    finally:
        store.close()


def _asked(settings: Settings, path: tuple[str, ...], query: Mapping[str, str], why: str) -> bytes:
    address = service_address(settings)
    # A slash is written twice escaped, because the first writing is undone before the address is looked at.
    written = "/".join(quote(step.replace("/", "%2F"), safe="") for step in path)
    try:
        with urlopen(f"{address}/{written}?{urlencode(query)}", timeout=ANSWER_S) as answer:  # noqa: S310 - http, by ourselves
            return bytes(answer.read())
    except HTTPError as error:
        with error:
            raise Refused(_sentence(error.read())) from error
    except (URLError, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise NobodyAnswers(f"{why}; and at {address} (http.listen) no service answers: {reason}") from error


def _sentence(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=Problem).error
    except msgspec.DecodeError:
        return body[:500].decode(errors="replace")
