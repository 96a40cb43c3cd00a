"""Every story is told of one process and of workers with a monitor; with a crash, also of either becoming the other."""

import inspect

import pytest

from tests.stream.rules.story import Story

LIVES = {"one": (False,), "two": (True,), "one, then two": (False, True), "two, then one": (True, False)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """How many tiers there are in each life; one that does not crash has one life."""
    told = [name for name in LIVES if len(LIVES[name]) == 1 or "crash(" in inspect.getsource(metafunc.function)]
    metafunc.parametrize("lives", told, indirect=True)


@pytest.fixture(autouse=True)
def lives(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the story so."""
    monkeypatch.setattr(Story, "lives", LIVES[request.param])
