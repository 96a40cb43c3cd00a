"""Every story is told twice: of one process, and of workers with a monitor."""

import pytest

from tests.stream.rules.story import Story


@pytest.fixture(autouse=True, params=[False, True], ids=["one process", "two tiers"])
def tiers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether workers and a monitor do what otherwise one process does."""
    monkeypatch.setattr(Story, "tiers", request.param)
    return bool(request.param)
