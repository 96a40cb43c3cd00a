"""What a refusal answers with."""

from msgspec import Struct


class Problem(Struct, frozen=True):
    """Why a request was refused."""

    status: int
    error: str
