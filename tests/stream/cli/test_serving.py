"""What the commands that run refuse at once."""

from pathlib import Path

from tests.stream.cli.conftest import Command


def test_workers_need_transactions(driftline: Command, tmp_path: Path) -> None:
    """Without them two owners of a partition could both be counted."""
    file = tmp_path / "driftline.yaml"
    file.write_text("kafka: {transactional: false}")
    ended = driftline("ingest", str(file))
    assert 2 == ended.code
    assert "kafka.transactional: expected true: workers hand partitions over by transactions, found false" in ended.err


def test_an_address_to_listen_on_has_a_port(driftline: Command) -> None:
    """It is refused before anything is connected to."""
    ended = driftline("ingest", "--topic", "t", "--listen", "8080")
    assert 2 == ended.code
    assert "expected host:port, such as 127.0.0.1:8080, found 8080" in " ".join(ended.err.replace("│", " ").split())
