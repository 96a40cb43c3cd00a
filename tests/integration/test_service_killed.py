"""`kill -9` under load: nothing lost, nothing counted twice, and what was asked for is never asked for differently."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.kafka import Kafka
from tests.integration.publishing import PARTITIONS
from tests.torture.fleet import Fleet

KILLS = 5


@pytest.mark.timeout(200)
def test_five_kills_under_load_change_nothing(kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path) -> None:
    """The rows of the store equal those of a Journey that nobody disturbed; trigger ids repeat but never differ."""
    fleet = Fleet(kafka, new_topic(PARTITIONS), tmp_path / "fleet", workers=0, dice=random.Random(3))
    with fleet.running():
        for _ in range(KILLS):
            fleet.monitors[0].commits(fleet.dice.randrange(1, 4))
            fleet.wait(0, 0.7)
            fleet.strike("kill monitor")
        fleet.settle()
    found = fleet.judge()
    print(found, f"read again after each kill: {fleet.reread}")
    assert all(again > 0 for again in fleet.reread)
    assert min(found[name] for name in ("releases", "triggers", "dead_letters", "findings")) > 0
