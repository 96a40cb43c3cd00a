"""Service and dispatcher killed in turn and together: see tests/torture/both.py for more of it."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.kafka import Kafka
from tests.integration.publishing import PARTITIONS
from tests.torture.both import Both

STRIKES = 3


@pytest.mark.timeout(200)
def test_killed_together_every_trigger_is_started_once(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path
) -> None:
    """Drift, a count and a clock ask; targets fail one call in five; rows are those of one undisturbed process."""
    both = Both(kafka, new_topic(PARTITIONS), tmp_path / "both", random.Random(3))
    with both.running():
        for _ in range(STRIKES):
            both.strike()
        both.settle()
    print(both.judge())
    assert both.found["triggers"] > 0
