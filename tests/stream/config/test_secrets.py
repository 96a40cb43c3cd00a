"""A secret is found where its reference says, and never told."""

from pathlib import Path

import pytest

from stream.config.mistakes import ConfigurationError
from stream.config.secrets import secret


def test_a_secret_is_in_the_environment() -> None:
    """`env:NAME` is the value of NAME."""
    assert secret("env:P", {"P": " hunter2 "}) == " hunter2 "


@pytest.mark.parametrize("content", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_a_secret_is_in_a_file(tmp_path: Path, content: str) -> None:
    """`file:PATH` is its content; editors add a line break that is not part of it."""
    path = tmp_path / "secret"
    path.write_text(content, encoding="utf-8", newline="")
    assert secret(f"file:{path}", {}) == "hunter2"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:P", "env:P: expected the environment variable P to hold the secret"),
        ("env:EMPTY", "env:EMPTY: expected the environment variable EMPTY to hold the secret"),
        ("file:/nowhere/at/all", "file:/nowhere/at/all: expected a file that can be read (No such file or directory)"),
        ("file:/", "file:/: expected a file that can be read (Is a directory)"),
        ("hunter2", "kafka.security: expected env:NAME or file:PATH"),
        ("", "kafka.security: expected env:NAME or file:PATH"),
    ],
)
def test_a_missing_secret_is_a_mistake(reference: str, message: str) -> None:
    """The reference is named, unless it may be the secret itself."""
    with pytest.raises(ConfigurationError) as caught:
        secret(reference, {"EMPTY": ""})
    assert message == str(caught.value)


def test_a_file_that_is_no_text_is_not_quoted(tmp_path: Path) -> None:
    """The decoder's own message would show the bytes."""
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfehunter2")
    with pytest.raises(ConfigurationError) as caught:
        secret(f"file:{path}", {})
    expected = f"file:{path}: expected a file of UTF-8 text"
    assert expected == str(caught.value)
    assert caught.value.__cause__ is None
