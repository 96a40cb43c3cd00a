"""Rests grow, keep to what a target asked for, and a dead target is asked seldom."""

import pytest

from sinks.dispatch.patience import PROBE_S, Breaker, Patience

PATIENCE = Patience(first_s=1.0, most_s=10.0, budget_s=100.0)


@pytest.mark.parametrize(("attempts", "expected"), [(1, 1.0), (2, 2.0), (4, 8.0), (5, 10.0), (10_000, 10.0)])
def test_rests_double_up_to_the_longest(attempts: int, expected: float) -> None:
    """Without chance; and a large number of attempts is no overflow."""
    assert expected == PATIENCE.rest_s(attempts, None, chance=0.0)


def test_chance_takes_up_to_half() -> None:
    """So that those that failed together come back apart."""
    assert 5.0 == PATIENCE.rest_s(5, None, chance=1.0)


def test_a_target_is_not_asked_before_it_wants_to_be() -> None:
    """`Retry-After` is a least, whatever our own rest would be, and the longer of both counts."""
    assert [30.0, 33.0] == [PATIENCE.rest_s(1, 30.0, chance) for chance in (0.0, 1.0)]
    assert 10.0 == PATIENCE.rest_s(9, 2.0, chance=0.0)


def test_a_target_that_fails_in_a_row_is_left_alone() -> None:
    """An answer between, be it no, counts from the beginning."""
    breaker = Breaker(limit=3, rest_s=10.0)
    for now in (0.0, 1.0):
        breaker.failed(now)
    breaker.answered()
    for now in (2.0, 3.0):
        breaker.failed(now)
    assert (False, 0.0) == (breaker.open, breaker.wait_s(3.0))
    breaker.failed(4.0)
    assert (True, 9.0) == (breaker.open, breaker.wait_s(5.0))


def test_after_the_rest_one_tries() -> None:
    """The others wait for what becomes of it: a second failure doubles the rest, an answer ends it."""
    breaker = Breaker(limit=1, rest_s=10.0, rest_s_max=15.0)
    breaker.failed(0.0)
    assert 0.0 == breaker.wait_s(10.0)
    breaker.asked()
    assert PROBE_S == breaker.wait_s(10.0)
    breaker.failed(11.0)
    assert 15.0 == breaker.wait_s(11.0)
    breaker.asked()
    breaker.answered()
    assert (False, 0.0) == (breaker.open, breaker.wait_s(26.0))


def test_a_try_that_was_called_off_lets_another_try() -> None:
    """Else nobody ever would."""
    breaker = Breaker(limit=1, rest_s=10.0)
    breaker.failed(0.0)
    breaker.asked()
    breaker.forgot()
    assert 0.0 == breaker.wait_s(10.0)


def test_late_failures_of_before_do_not_lengthen_the_rest() -> None:
    """Calls that were under way when it opened tell nothing new."""
    breaker = Breaker(limit=1, rest_s=10.0)
    for now in (0.0, 1.0, 2.0):
        breaker.failed(now)
    assert 8.0 == breaker.wait_s(2.0)
