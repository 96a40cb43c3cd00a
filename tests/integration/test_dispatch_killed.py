"""A dispatcher that is killed while its targets fail one call in five: see tests/torture/dispatch.py for more of it."""

import random
import secrets
from pathlib import Path

from tests.integration.kafka import Kafka
from tests.torture.dispatch import Torture


def test_killed_at_random_nothing_is_lost_or_repeated(tmp_path: Path, kafka: Kafka) -> None:
    """Three times; each trigger once per target with a key, models in their order, every step told."""
    torture = Torture(kafka, f"test-{secrets.token_hex(6)}", tmp_path / "d", random.Random(7))
    with torture.running():
        for _ in range(3):
            torture.strike()
        torture.settle()
        torture.stop()
    print(torture.judge())
