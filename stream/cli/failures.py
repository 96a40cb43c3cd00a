"""What went wrong, as a sentence and an exit code: 2 where the user can mend it, 1 where the world must."""

import sys
from typing import NoReturn

from sinks.commit import StoreError, StoreUnreadable
from sinks.dispatch.host.ledger import LedgerRefused
from sinks.duck import StoreNewer
from sinks.topics import Fenced
from stream.app.publishing import TopicMissing
from stream.broker import BrokerFailed
from stream.cli.answering import Refused
from stream.cli.asking import NobodyAnswers
from stream.config.mistakes import ConfigurationError
from stream.demo.child import ServiceFailed
from stream.dispatch.opening import TargetProblem
from stream.embedded import EmbeddedBrokerMissing
from stream.files import FileProblem
from stream.lives import Untold
from stream.recovery import StoreMismatch
from stream.reference import ReferenceProblem
from stream.tiers.board import UnknownBoard
from stream.tiers.chain import ChainBroken
from stream.tiers.handover import NotHandedOver
from stream.tiers.wire import UnknownPartial
from stream.web.server import ListenFailed

USER, WORLD = 2, 1
EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (ConfigurationError, USER),
    (ReferenceProblem, USER),
    (FileProblem, USER),
    (StoreMismatch, USER),
    (EmbeddedBrokerMissing, USER),
    (NotHandedOver, USER),
    (StoreUnreadable, USER),
    (StoreNewer, USER),
    (Untold, USER),
    (TopicMissing, USER),
    (Refused, USER),
    (LedgerRefused, USER),
    (TargetProblem, USER),
    (ServiceFailed, WORLD),
    (ListenFailed, WORLD),
    (BrokerFailed, WORLD),
    (Fenced, WORLD),
    (StoreError, WORLD),
    (NobodyAnswers, WORLD),
    (ChainBroken, WORLD),
    (UnknownPartial, WORLD),
    (UnknownBoard, WORLD),
)


def told(error: BaseException) -> tuple[str, int] | None:
    """The sentence and the exit code of a failure that has one; the first of a group's."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for one in error.exceptions if (found := told(one)) is not None), None)
    if isinstance(error, OSError) and error.filename is not None:  # a disk that is full, a folder that is not ours
        return f"{error.filename}: {error.strerror}", WORLD
    code = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), None)
    return None if code is None else (str(error), code)


def leave(error: BaseException) -> NoReturn:
    """End the process with the failure's sentence on stderr; what has none is our own fault and shows its trace."""
    found = told(error)
    if found is None:
        raise error
    sentence, code = found
    sys.stderr.write(f"driftline: {sentence}\n")
    raise SystemExit(code)
