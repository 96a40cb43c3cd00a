"""How a password becomes a token: one more request, and where the token stands in its reply."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from sinks.dispatch.targets.plans.exchange import Request
from sinks.dispatch.targets.plans.keys import Entry

Secrets = Mapping[str, str]


class Login(Struct, frozen=True):
    """The request for a token. It is asked for again when it has expired, or was refused."""

    when: Callable[[Entry], bool]  # whether this entry logs in
    request: Callable[[Entry, Secrets], Request]
    token: str = "access_token"  # noqa: S105 - pointer into the reply
    lasts: str = "expires_in"  # pointer to s
    base: str = ""  # the address; empty: the entry's
    network: str = ""  # that the base is in, where it is not public
