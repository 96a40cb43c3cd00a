"""Retention goes by event time where that is faster than the clock on the wall, and leaves time for everything else."""

from stream.app.forgetting import AHEAD, EVERY_S, REST, Forgetting


def test_it_runs_once_a_minute() -> None:
    """However little event time has passed."""
    forgetting = Forgetting(begun=100.0)
    assert not forgetting.due(0, 100.0 + EVERY_S - 1)
    assert forgetting.due(0, 100.0 + EVERY_S)
    forgetting.done(0, 160.0, 161.0)
    assert not forgetting.due(AHEAD - 1, 161.0 + EVERY_S - 1)
    assert forgetting.due(0, 161.0 + EVERY_S)


def test_a_catch_up_does_not_wait_for_the_minute() -> None:
    """Hours of event time are read within a second then; yet most of the time is for reading."""
    forgetting = Forgetting(begun=0.0)
    assert not forgetting.due(5, 0.1)
    assert not forgetting.due(4 + AHEAD, 0.2)
    assert forgetting.due(5 + AHEAD, 0.3)
    forgetting.done(5 + AHEAD, 0.3, 0.8)
    assert not forgetting.due(5 + 9 * AHEAD, 0.8 + REST * 0.5 - 0.1)
    assert forgetting.due(5 + 9 * AHEAD, 0.8 + REST * 0.5)
