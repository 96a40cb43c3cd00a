"""Charts of errors: where steps are cut does not matter, and a fall is told once."""

import numpy as np
import pytest

from stream.config.settings import MINUTE, Model
from stream.monitor.labels.charts import REFERENCE, Alarm, Chart


def stepped(errors: np.ndarray, cuts: list[int]) -> tuple[Chart, list[Alarm]]:
    """All alarms that are told, and the chart after them; steps of a minute as far as time goes."""
    chart, alarms = Chart(), []
    for part in np.split(errors, cuts):
        chart, more = chart.step(part, MINUTE, MINUTE, Model())
        alarms += more
    return chart, alarms


def errors_of(*stretches: tuple[int, float]) -> np.ndarray:
    """Errors with these shares, one stretch after the other."""
    random = np.random.default_rng(3)
    return np.concatenate([random.random(n) < share for n, share in stretches])


@pytest.mark.parametrize("seed", range(5))
def test_alarms_and_chart_do_not_depend_on_where_steps_are_cut(seed: int) -> None:
    """After the reference, before, and amid what is kept quiet."""
    errors = errors_of((1_200, 0.1), (900, 0.4), (1_500, 0.1), (800, 0.4))
    cuts = np.sort(np.random.default_rng(seed).integers(REFERENCE, len(errors), 9)).tolist()
    whole, told = stepped(errors, [REFERENCE])
    assert (whole, told) == stepped(errors, [REFERENCE, *cuts])
    assert 2 == len(told)


def test_a_fall_is_told_once_however_long_it_lasts() -> None:
    """And again where a thousand pairs without an alarm lie between."""
    assert 1 == len(stepped(errors_of((1_500, 0.1), (5_000, 0.35)), [REFERENCE])[1])
    assert 2 == len(stepped(errors_of((1_500, 0.1), (400, 0.5), (2_500, 0.1), (400, 0.5)), [REFERENCE])[1])
