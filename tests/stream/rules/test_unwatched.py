"""Fields that nobody watches: found on a sample, whatever the batches, and bounded however many names there are."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sinks import commit as tables
from stream.counting.unwatched import CONTRACT, looked_at
from stream.events import RESERVED
from stream.partials import FIELDS_MAX
from tests.stream.rules.story import FIRST, Story, event

N = 1_000  # events in a minute
EXTRA: dict[str, Any] = {
    "amuont": 1,  # misspelt, beside the features
    "features": {"amount": 1, "country": "FR", "amount_eur": 2},
    "segments": {"site": "paris"},
    "attributions": {"amount": 1},  # of the contract, though it is not read yet
}


def told(story: Story) -> dict[str, int]:
    """How many events of all panes carry each field."""
    return dict(sum((Counter(json.loads(row["fields"])) for row in story.rows(tables.UNWATCHED)), Counter()))


def sampled(offsets: range) -> int:
    """How many of these positions are looked at."""
    return int(looked_at(*FIRST, np.array(offsets)).sum())


@pytest.mark.parametrize("batch", [10_000, 97])
def test_what_nobody_watches_is_named(batch: int) -> None:
    """Counted are the events whose position is in the sample, once each, also after a crash."""
    story = Story()
    story.publish(FIRST, *(event(0.5, seed=seed, **EXTRA) for seed in range(N)))
    story.publish(FIRST, *(event(1.5, seed=seed) for seed in range(N)))
    story.read(batch=batch, upto=N // 2).commit().crash().read(batch=batch).end()
    n = sampled(range(N))
    assert abs(n - N / 256) <= 2
    assert dict.fromkeys(("amuont", "features.amount_eur", "segments.site"), n) == told(story)
    assert [n] == [row["looked_at"] for row in story.rows(tables.UNWATCHED)]


def test_names_without_end_are_counted_together() -> None:
    """A name per event: some are told apart, the rest is in one count; reserved names are part of that."""
    story = Story()
    story.publish(FIRST, *(event(0.5, seed=seed, **{f"field {seed}": 1, f"{RESERVED}x": 1}) for seed in range(20 * N)))
    whole = told(story.read(batch=777).end())
    n = sampled(range(20 * N))
    assert FIELDS_MAX + 1 == len(whole)
    assert n - FIELDS_MAX + n == whole["(others) fields"]
    again = Story()
    again.log = story.log
    assert whole == told(again.read().end())


def test_what_the_documentation_names_is_no_surprise() -> None:
    """The contract is what docs/events.md says, in its table of fields."""
    page = (Path(__file__).parents[3] / "docs" / "events.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \| (?:all|prediction|label)", page, re.MULTILINE))
    assert CONTRACT == named
