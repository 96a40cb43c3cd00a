"""The client's loggers, kept from flooding: forty seconds without a broker were 3,499 lines of aiokafka's."""

import logging
import time
from collections.abc import Callable

from aiokafka.errors import KafkaError

SAME_S = 30.0  # the same complaint is heard again after this long
CLIENTS = ("aiokafka", "faust", "mode")  # Faust, and what it is made of, say what the client says once more
UNHEARD = ("Topic %s not found in cluster metadata",)  # asking whether there is one is no error; we say what is missing


class Seldom(logging.Filter):
    """Lets each message template pass once in SAME_S, with the number of repetitions it stands for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._heard: dict[str, tuple[float, int]] = {}  # template: when it last passed, how many were held back since

    def filter(self, record: logging.LogRecord) -> bool:
        """False: held back. Templates are the client's own source lines, so there are few of them."""
        if record.msg in UNHEARD:
            return False
        now = self._clock()
        since, held = self._heard.get(str(record.msg), (-SAME_S, 0))
        if now - since < SAME_S:
            self._heard[str(record.msg)] = (since, held + 1)
            return False
        self._heard[str(record.msg)] = (now, 0)
        if held:
            record.msg = f"{record.msg} ({held} more like this)"
        return True


def heard_elsewhere(record: logging.LogRecord) -> bool:
    """False for "exception was never retrieved" of aiokafka's own futures.

    It fails some that it gives to nobody; whoever waits for what failed has been told.
    """
    return record.exc_info is None or not isinstance(record.exc_info[1], KafkaError)


def quieten() -> None:
    """Put a Seldom on every logger of the clients, and begin their lines as ours do.

    A logger's filter does not see its children's records.
    """
    logging.getLogger("asyncio").addFilter(heard_elsewhere)
    if logging.lastResort is not None:  # where nobody has set logging up, its lines are told apart by nothing
        logging.lastResort.setFormatter(logging.Formatter("driftline: %(name)s: %(message)s"))
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        if name.startswith(CLIENTS) and not any(isinstance(each, Seldom) for each in logger.filters):
            logger.addFilter(Seldom())
