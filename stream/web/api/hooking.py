"""`POST /v1/hooks/mlflow`: what a model registry says goes to the control topic, no further.

Who may is who knows the webhook's secret. A delivery that is said again has the same id, and is applied once.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import (
    ClientException,
    HTTPException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
)
from msgspec import Struct

from stream.config.mistakes import ConfigurationError
from stream.config.sections.hooks import Mlflow
from stream.controls import registered
from stream.controls.asked import BadControl, parsed
from stream.web.api.speaking import Accepted, Door

BODY_MAX = 65_536  # bytes: an event of a registry has a name, a version, and a description perhaps
ANSWERS = {
    400: "not_understood",
    401: "not_genuine",
    403: "closed",
    404: "unknown_model",
    413: "too_long",
    503: "unsent",
}


class Ignored(Struct, frozen=True):
    """A genuine event that promotes nothing, and why."""

    ignored: str


@dataclass
class Receiver:
    """Takes MLflow's webhooks; without a secret nobody's. `known` says of a name whether it may be a model here."""

    settings: Mlflow = field(default_factory=Mlflow)
    door: Door = field(default_factory=Door)
    secret: Callable[[], str] = str
    known: Callable[[str], bool] = bool
    clock: Callable[[], float] = time.time
    _answers: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> tuple[tuple[str, str, int], ...]:
        """How often what was answered."""
        return tuple(("mlflow", answer, n) for answer, n in sorted(self._answers.items()))

    async def take(self, request: Request[object, object, State]) -> Accepted | Ignored:
        """Put what a delivery asks for onto the topic."""
        try:
            found = await self._taken(request)
        except HTTPException as error:
            self._answers[ANSWERS.get(error.status_code, "other")] += 1
            raise
        self._answers["ignored" if isinstance(found, Ignored) else "accepted"] += 1
        return found

    async def _taken(self, request: Request[object, object, State]) -> Accepted | Ignored:
        if not self.settings.secret or self.door.send is None:
            raise PermissionDeniedException("Nobody is heard here: name the webhook's secret in hooks.mlflow.secret")
        try:
            secret = self.secret()
        except ConfigurationError as error:
            raise HTTPException(str(error), status_code=503) from error
        body, headers = await request.body(), dict(request.headers.items())
        try:
            tolerance = self.settings.tolerance / 1e9
            delivery = registered.genuine(headers, body, secret, self.clock(), tolerance)
            found = registered.read(body, delivery, self.settings, self.known)
        except registered.NotGenuine as error:
            raise NotAuthorizedException(str(error)) from error
        except registered.NotUnderstood as error:
            raise ClientException(str(error)) from error
        except registered.NoSuchModel as error:
            raise NotFoundException(str(error)) from error
        if isinstance(found, registered.Nothing):
            return Ignored(found.why)
        try:
            parsed(found.record.decode())
        except BadControl as error:
            raise ClientException(str(error)) from error
        await self.door.take(found.model, found.record)
        return Accepted(found.id, "promote", found.model, "/v1/controls")


Asked = NamedDependency[Receiver]


@post("/v1/hooks/mlflow", status_code=202, request_max_body_size=BODY_MAX)
async def mlflow(request: Request[object, object, State], receiver: Asked) -> Response[Accepted | Ignored]:
    """Take a webhook of MLflow's model registry (docs/mlflow.md): an alias that moves promotes a version.

    202: the control topic has it; 200: it promotes nothing, and says why. Needs MLflow's signature.
    """
    found = await receiver.take(request)
    return Response(found, status_code=200 if isinstance(found, Ignored) else 202)
