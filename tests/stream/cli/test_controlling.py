"""`driftline control` up to the broker: what is no control is said before anything is sent."""

import pytest

from tests.stream.cli.conftest import Command


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (("pause",), "Missing argument 'MODEL'"),
        (("pause", "*"), "pause needs the name of one model"),
        (("resume",), "name one MODEL, or say --all"),
        (("resume", "fraud", "--all"), "name one MODEL, or say --all"),
        (("close", "fraud"), "Missing argument 'INCIDENT'"),
        (("maintenance", "--all"), "say until when: --to TIME, or --for DURATION"),
        (("maintenance", "--all", "--to", "2026-11-20T17:00:00Z", "--for", "2h"), "say until when"),
        (("maintenance", "--all", "--to", "noon"), "to: expected a time such as"),
        (("deployment", "fraud", "--for", "soon"), "--for: expected a duration such as"),
        (("deployment", "fraud", "--from", "noon", "--for", "2h"), "--from: expected a time such as"),
        (("deployment", "fraud", "--from", "2026-11-20T17:00:00Z", "--for", "32d"), "at most 31 days after"),
        (("pause", "fraud", "--who", "x" * 300), "Expected `str` of length <= 200"),
        (("reference", "fraud", "nowhere.parquet"), "nowhere.parquet"),
    ],
)
def test_what_is_no_control_is_refused(driftline: Command, said: tuple[str, ...], sentence: str) -> None:
    """With code 2, whether there is a broker or not."""
    told = driftline("control", *said)
    assert (2, True) == (told.code, sentence in told.err), told.err
