"""A lost store on a real broker: put back from a copy made under load, it ends with the rows of a sound one."""

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.kafka import Kafka
from tests.integration.publishing import PARTITIONS
from tests.integration.running import COMMAND, Driftline
from tests.torture.fleet import Fleet

COPIES = 3


def told(driftline: Driftline, *arguments: str) -> str:
    """What a command says in the folder of a service."""
    command = [*COMMAND, *arguments]
    found = subprocess.run(command, cwd=driftline.folder, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == found.returncode, found.stderr
    return found.stdout


@pytest.mark.timeout(250)
@pytest.mark.parametrize("workers", [0, 2], ids=["run", "monitor"])
def test_a_lost_store_is_put_back_and_the_topics_give_the_rest(
    kafka: Kafka, new_topic: Callable[..., str], tmp_path: Path, workers: int
) -> None:
    """Killed, its file damaged, restored from the last of three copies: equal rows, and triggers under equal ids."""
    fleet = Fleet(kafka, new_topic(PARTITIONS), tmp_path / "fleet", workers=workers, dice=random.Random(11))
    (service,) = fleet.monitors
    with fleet.running():
        for _ in range(COPIES):
            service.commits(2)
            said = told(service, "backup", "--keep", "2")
        copies = sorted((service.folder / "backups").iterdir())
        assert (2, True) == (len(copies), said.startswith(f"backups/{copies[-1].name}: commit "))
        service.commits(8)
        service.kill()
        for worker in fleet.workers:
            assert 0 == worker.stop()
        content = bytearray(service.store.read_bytes())
        content[len(content) // 2] ^= 1
        service.store.write_bytes(content)
        assert 2 == service.start().end()
        assert "cannot be read as a store" in service.said
        assert "driftline.duckdb: commit " in told(service, "restore", f"backups/{copies[-1].name}")
        for each in (service, *fleet.workers):
            each.start()
        service.commits(5)
        fleet.wait(3, 5)
        fleet.settle()
    found = fleet.judge()
    print(found)
    assert min(found[name] for name in ("triggers", "dead_letters", "findings")) > 0
