"""One world for most of these stories, and what is found in it when nobody disturbs."""

import pytest

from tests.simulation.driver import Rows, Run
from tests.simulation.world import World, world

SEED = 20


@pytest.fixture(scope="session")
def log() -> World:
    """One world for all of these stories."""
    return world(SEED)


@pytest.fixture(scope="session")
def undisturbed(log: World) -> Rows:
    """What a service finds that is never killed and reads large batches."""
    return Run(log, seed=0, batch_max=1_000, commit_share=1.0).finish()
