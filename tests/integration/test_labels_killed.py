"""`kill -9` while labels come up to fourteen days later: the cells are those of a join over the finished files."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.kafka import Kafka
from tests.integration.publishing import PARTITIONS
from tests.torture.fleet import Fleet
from tests.torture.labelled import Labelled, Publisher

KILLS = 3
EVERY_MS = 10 * 3_600_000  # fourteen days are eight seconds
STORY = Labelled(seed=11, silent=range(1_000, 1_600), every_ms=EVERY_MS, per_s=200)


@pytest.mark.timeout(200)
def test_kills_while_labels_come_leave_the_cells_of_a_join_over_the_finished_files(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Every pair, every fate and every told number; and the rows of a Journey that nobody disturbed."""
    topic, dice = new_topic(PARTITIONS), random.Random(3)
    fleet = Fleet(kafka, topic, tmp_path / "fleet", workers=0, dice=dice, labelled=STORY)
    with fleet.running():
        for _ in range(KILLS):
            fleet.monitors[0].commits(fleet.dice.randrange(1, 4))
            fleet.wait(0, 0.7)
            fleet.strike("kill monitor")
        fleet.settle()
    found = fleet.judge()
    assert isinstance(fleet.publisher, Publisher)
    print(found, dict(fleet.publisher.world.about), f"read again after each kill: {fleet.reread}")
    assert all(fleet.publisher.world.about.values())
    assert all(again > 0 for again in fleet.reread)
    told = (
        "final",
        "pairs there",
        "labels: corrected",
        "labels: retracted",
        "labels: late",
        "labels: orphans",
        "unmet",
    )
    assert min(found[name] for name in told) > 0
