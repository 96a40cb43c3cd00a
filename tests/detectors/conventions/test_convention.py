"""Laws of every convention, whatever the tool."""

import json

import msgspec
import numpy as np
import pytest

from detectors.conventions import ALL, CONVENTIONS, Categories, Feature, Numbers

EMPTY, NOTHING = np.zeros(0, np.int64), np.full(50, np.nan)
ODD: dict[str, Feature] = {
    "no rows": Numbers(np.zeros(0), np.zeros(0)),
    "all missing": Numbers(NOTHING, NOTHING),
    "now missing": Numbers(np.arange(50.0), NOTHING),
    "one row": Numbers(np.ones(1), np.ones(1)),
    "two rows": Numbers(np.array([1.0, 2.0]), np.array([1.0])),
    "infinities": Numbers(np.append(np.arange(50.0), np.inf), np.append(np.arange(50.0), -np.inf)),
    "one value of 1e300": Numbers(np.append(np.arange(50.0), 1e300), np.append(np.arange(50.0), -1e300)),
    "constant": Numbers(np.ones(50), np.ones(60)),
    "another constant": Numbers(np.ones(50, np.int64), np.full(60, 2)),
    "no categories": Categories(EMPTY, EMPTY, ()),
    "categories now missing": Categories(np.zeros(50, np.int64), np.full(40, -1), ("a",)),
    "one category": Categories(np.zeros(50, np.int64), np.zeros(40, np.int64), ("a",)),
    "another category": Categories(np.zeros(50, np.int64), np.ones(40, np.int64), ("a", "b")),
    "first missing": Categories(np.full(50, -1), np.zeros(50, np.int64), ("a",)),
}


@pytest.mark.parametrize("tool", CONVENTIONS)
@pytest.mark.parametrize("odd", ODD)
def test_odd_columns_have_an_answer(tool: str, odd: str) -> None:
    """A value, or a reason why there is none; never an error, and always JSON."""
    for measures in ((), (ALL,)):
        judged = CONVENTIONS[tool].judge({"x": ODD[odd]}, measures)
        assert judged.features["x"]
        json.loads(msgspec.json.encode(judged))
        for score in judged.features["x"].values():
            assert (score.value is None) <= (score.problem is not None and score.drifted is None)


@pytest.mark.parametrize("tool", CONVENTIONS)
def test_nothing_is_modified_and_order_is_no_matter_of_names(tool: str) -> None:
    """Two features say what each says alone, but for limits that know how many there are."""
    chance = np.random.default_rng(5)
    numbers = Numbers(chance.normal(0, 1, 1200), chance.normal(0, 1, 800))
    texts = Categories(chance.integers(0, 3, 1200), chance.integers(0, 3, 800), ("a", "b", "c"))
    before = numbers.reference.copy(), numbers.current.copy(), texts.reference.copy(), texts.current.copy()
    convention = CONVENTIONS[tool]
    both = convention.judge({"n": numbers, "t": texts}, (ALL,)).features
    alone = {**convention.judge({"t": texts}, (ALL,)).features, **convention.judge({"n": numbers}, (ALL,)).features}
    values = [
        {name: {key: score.value for key, score in found.items()} for name, found in each.items()}
        for each in (both, alone)
    ]
    assert values[0] == values[1]
    after = numbers.reference, numbers.current, texts.reference, texts.current
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("tool", CONVENTIONS)
def test_what_a_tool_chooses_it_has(tool: str) -> None:
    """And all of it can be asked for by name."""
    chance = np.random.default_rng(6)
    convention = CONVENTIONS[tool]
    for feature in (
        Numbers(chance.normal(0, 1, 300), chance.normal(0, 1, 300)),
        Categories(chance.integers(0, 3, 300), chance.integers(0, 3, 300), ("a", "b", "c")),
    ):
        chosen = convention.judge({"x": feature}).features["x"]
        assert chosen
        assert chosen == convention.judge({"x": feature}, tuple(chosen)).features["x"]
        assert chosen.items() <= convention.judge({"x": feature}, (ALL,)).features["x"].items()
        assert set(chosen) <= set(convention.measures)


def test_the_verdict_on_the_whole_is_by_choice_whatever_is_shown() -> None:
    """All measures are for looking; those that are named decide."""
    chance = np.random.default_rng(8)
    features = {"x": Numbers(chance.normal(0, 1, 5000), chance.normal(0.06, 1, 5000))}
    evidently = CONVENTIONS["evidently"]
    assert evidently.judge(features, (ALL,)).features["x"]["ks"].drifted
    assert not evidently.judge(features, (ALL,)).dataset.drifted
    assert evidently.judge(features, ("ks",)).dataset.drifted
