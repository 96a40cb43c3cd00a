"""Chosen detectors: a restart between steps changes nothing, and what is not chosen any more is forgotten."""

import msgspec
import numpy as np
import pytest

from stream.monitor.verdicts.stepping import Ringing, Watched, packed, stepped, unpacked

NAMES = ("ddm", "hddm_a", "adwin")


def steps(seed: int) -> list[np.ndarray]:
    """Errors by step: from a tenth to a half after sixty of a hundred steps."""
    rng = np.random.default_rng(seed)
    return [rng.random(rng.integers(1, 40)) < (0.1 if i < 60 else 0.5) for i in range(100)]


def told(seed: int, restarts: bool) -> tuple[list[tuple[int, Ringing]], Watched]:
    """What rang at which step, and what is remembered after all."""
    watched, found = Watched(), []
    for i, errors in enumerate(steps(seed)):
        if restarts:
            watched = Watched.unpack(msgspec.msgpack.decode(msgspec.msgpack.encode(watched.pack())))
        watched, ringing = watched.step(NAMES, errors)
        found += [(i, one) for one in ringing]
    return found, watched


@pytest.mark.parametrize("seed", range(5))
def test_a_restart_between_steps_changes_nothing(seed: int) -> None:
    """The same is told, and the same is remembered."""
    (told_once, after), (told_again, same) = told(seed, restarts=False), told(seed, restarts=True)
    assert told_once == told_again
    assert after.pack() == same.pack()


def test_each_detector_finds_the_change_and_says_how_errors_were_before() -> None:
    """Within ten steps, some two hundred labels; until then about a tenth were errors."""
    found, watched = told(7, restarts=False)
    for name in NAMES:
        at, first = next((i, one) for i, one in found if one.detector == name and i >= 60)
        assert at < 70
        assert 0.07 < first.before < 0.14
        assert first.rate > 0.3
    assert {*NAMES} == watched.seen.keys()


def test_what_is_not_chosen_any_more_is_forgotten() -> None:
    """Its state goes, that of the others stays."""
    states, _ = stepped(["ewma", "adwin"], {}, np.ones((2, 3)))
    fewer, _ = stepped(["adwin"], unpacked(packed(states)), np.ones((2, 1)))
    assert ["adwin"] == list(fewer)
    assert [4, 4] == fewer["adwin"].n.tolist()
