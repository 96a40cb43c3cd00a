"""The secrets of one target: where they are, and that nobody sees them."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

SECRET_MAX = 65_536
SHORT = 4  # characters below which a secret is no word of its own in a message


class Secrets(Mapping[str, str]):
    """Read where they are used, so that a file may change. Its text shows only where they are."""

    def __init__(self, references: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._references = dict(references)
        self._environment = environment
        self._seen: dict[str, str] = {}  # the last of each, to be hidden

    def __repr__(self) -> str:
        return f"Secrets({', '.join(f'{key}={reference}' for key, reference in self._references.items())})"

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)

    def __getitem__(self, key: str) -> str:
        """The secret. ValueError where there is none; it names the place."""
        reference = self._references[key]
        scheme, _, place = reference.partition(":")
        text = self._environment.get(place, "") if scheme == "env" else _read(place)
        if not text or len(text) > SECRET_MAX or not text.isascii() or not text.isprintable():
            raise ValueError(f"{key}: nothing that can be used is at {reference}")
        self._seen[key] = text
        return text

    def check(self) -> None:
        """ValueError where one is missing."""
        for key in self:
            self[key]

    def remember(self, key: str, text: str) -> None:
        """Hide one that was made from others: a token that a password was exchanged for."""
        self._seen[key] = text

    def hide(self, message: str) -> str:
        """The message with every secret, however it is written, as three stars."""
        for text in self._seen.values():
            for written in (text, quote(text, safe=""), quote_plus(text), base64.b64encode(text.encode()).decode()):
                message = message.replace(written, "***") if len(written) >= SHORT else message
        return message


def _read(place: str) -> str:
    try:
        return Path(place).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError):
        return ""
