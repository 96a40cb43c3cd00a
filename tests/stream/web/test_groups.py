"""The model's page lists the segments that are served worst, and how far protected groups are apart."""

import random

import pytest

from stream.config.parse import parse
from stream.web.app import Served
from stream.web.page import status as now
from tests.stream.rules.story import FIRST, Story, event
from tests.stream.rules.test_groups import FAIR, decided, of_countries
from tests.stream.rules.test_labels import LABELS, prediction
from tests.stream.web.client import client_over

__all__ = ["decided"]  # a fixture


def page(right: dict[str, float], configuration: str = FAIR) -> str:
    """The page of a model whose answers are right so often in each country."""
    return shown(of_countries(Story(configuration, (FIRST, LABELS)), right).read(batch=500).commit())


def shown(log: Story) -> str:
    """The page of its model."""
    status = now.Status(models=(now.Model("shop", state="watching", versions=("1",)),))
    with client_over(Served.of(log.store, lambda: status, parse(log.configuration))) as client:
        return str(client.get("/models/shop?length=1m").text)


def test_the_page_lists_the_weakest_segments_and_the_gaps_between_groups() -> None:
    """Of the newest window with enough labels, in words and with what is tolerated."""
    text = page({"FR": 0.95, "DE": 0.7})
    weakest, _, gaps = text.split("<caption>Surely worse than the rest of the window")[1].split("How far groups are")
    assert "country=DE</td><td>accuracy" in weakest
    assert "country=FR" not in weakest.split("in the rest")[0]
    assert "demographic_parity_ratio</td><td>1 (" in gaps
    assert "surely within" in gaps


def test_a_page_without_groups_has_no_such_tables() -> None:
    """Nothing is protected, and nobody is served worse."""
    text = page({"FR": 0.9, "DE": 0.9}, FAIR.replace(", fairness: [country]", ""))
    assert "<h2>Performance" in text
    assert "<h2>Segments" not in text


@pytest.mark.usefixtures("decided")
def test_gaps_in_what_is_said_are_there_without_any_label() -> None:
    """Of predictions, beside their window."""
    log = Story(FAIR.replace(", labels: [labels]", ""))
    dice = random.Random(3)
    for i in range(2_000):
        country = dice.choice(("FR", "DE"))
        yes = dice.random() < (0.9 if country == "FR" else 0.5)
        log.publish(FIRST, prediction(0.1 + i / 4_000, f"a{i}", 0.9 if yes else 0.1, features={"country": country}))
    log.publish(FIRST, event(60))
    text = shown(log.read(batch=500).commit())
    gaps = text.split("How far groups are")[-1]
    assert gaps.count("<td>surely beyond</td><td>2,000 predictions</td>") == 2
    assert "equalized_odds" not in gaps
