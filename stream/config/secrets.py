"""Where secrets are: the one file of the configuration that reads something. Only the shell calls it."""

from collections.abc import Mapping
from pathlib import Path

from stream.config.mistakes import ConfigurationError, Mistake


def secret(reference: str, environment: Mapping[str, str]) -> str:
    """The secret behind `env:NAME` or `file:PATH`, without its closing line break.

    ConfigurationError where there is none; it names the reference and never the secret.
    """
    scheme, _, name = reference.partition(":")
    if scheme == "env":
        return _found(reference, environment.get(name, ""), f"the environment variable {name} to hold the secret")
    if scheme == "file":
        return _found(reference, _read(reference, name), f"the file {name} to hold the secret")
    raise _unavailable("kafka.security", "env:NAME or file:PATH")  # whatever it is, it may be a secret: it is not shown


def _read(reference: str, name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise _unavailable(reference, f"a file that can be read ({error.strerror})") from None
    except ValueError:  # undecodable bytes, or a NUL in the name; the original would quote them
        raise _unavailable(reference, "a file of UTF-8 text") from None


def _found(reference: str, text: str, expected: str) -> str:
    if not text:
        raise _unavailable(reference, expected)
    return text


def _unavailable(reference: str, expected: str) -> ConfigurationError:
    return ConfigurationError((Mistake(path=reference, expected=expected),))
