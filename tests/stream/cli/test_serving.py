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
