"""Whatever the order of reading, the cuts and the restarts: the same log of sightings gives the same events."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.config.parse import parse
from stream.config.sections.policy import LABELLED
from stream.policy import Event, Policy, Seen, Sighting, book
from stream.policy.hearing import Hearing, heard
from stream.policy.incidents import Incident, Moment
from stream.policy.trial import ends, observed, told, tried, with_heard

MODEL = parse("""
events: {predictions: [a], labels: [b]}
models:
  shop:
    policy:
      rules:
        - name: both
          when: {all: [{drift: {for: 1 of 2 windows}}, {performance: {for: 1 of 2 windows}}]}
          cooldown: 9ns
        - {name: drift, when: {drift: {for: 2 of 3 windows, open: 1.5, close: 1.1}}, severity: critical, cooldown: 5ns}
        - {name: calm, when: {all: [{labels: {for: 1 of 1 windows}}, {not: {quality: {}}}]}, cooldown: 0s}
""").model("shop")
assert MODEL is not None
BOOK = book(MODEL)
KINDS = sorted({leaf.kind for leaf in BOOK.leaves})


@st.composite
def sightings(draw: st.DrawFn) -> list[Seen]:
    """Judged windows of two lengths in order of time, with findings of some kinds."""
    found: list[Seen] = []
    for at in range(1, draw(st.integers(2, 14))):
        for kind in KINDS:
            for length in (1, 2):
                if at % length or draw(st.booleans()):
                    continue
                some = draw(st.lists(st.sampled_from(("x", "y")), unique=True, max_size=2))
                times = draw(st.sampled_from((1.0, 1.2, 1.7)))
                seen = tuple(Sighting((kind,), "", name, "verdict", length, times) for name in sorted(some))
                found.append(Seen(frozenset((kind,)), at, length, at, seen))
    return found


def named(incident: Incident) -> str:
    """As the trial does."""
    return f"{incident.rule}:{incident.opened}"


def again(policy: Policy) -> Policy:
    """A restart: through bytes."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(policy), type=Policy)


def lived(seen: list[Seen], lags: list[int]) -> list[Event]:
    """A life in which labels lag behind closes by so much, with a restart after every decision."""
    closes = [one for one in seen if not LABELLED & one.kinds]
    labels = [one for one in seen if LABELLED & one.kinds]
    times = sorted({one.at for one in seen})
    first, second, hearing, happened, reached = Policy(), Policy(), Hearing(), list[Event](), 0
    for i, at in enumerate(times):
        mine = [one for one in closes if one.at == at]
        if mine:
            first, fresh = observed(first, BOOK, mine)
            moment = Moment(at, ends(mine), f"{at}", named)
            first, events = first.decide(BOOK, BOOK.told(labelled=False), fresh, moment)
            happened += events
            hearing = hearing.told(at, *told(BOOK, first, fresh))
            first = again(first)
        upto = at - lags[i % len(lags)] if i + 1 < len(times) else at
        for step in sorted({one.at for one in labels} | hearing.times(upto)):
            if not reached < step <= upto:
                continue
            hearing, said = hearing.upto(step)
            hearing = msgspec.msgpack.decode(msgspec.msgpack.encode(hearing), type=Hearing)
            those = [one for one in labels if one.at == step]
            second, fresh = observed(second, BOOK, those)
            both, holds = with_heard(BOOK, second, fresh, hearing, heard(BOOK, said))
            moment = Moment(step, ends(those), f"{step}", named, "", hearing.now.last)
            second, events = second.decide(BOOK, BOOK.told(labelled=True), both, moment, holds)
            happened += events
            second = again(second)
        reached = max(reached, upto)
    return happened


@settings(max_examples=60, deadline=None)
@given(sightings(), st.lists(st.integers(0, 8), min_size=1, max_size=6))
def test_events_depend_on_no_cut_no_restart_and_no_lag_of_labels(seen: list[Seen], lags: list[int]) -> None:
    """All closes first and labels afterwards is the same as any mixture of both."""
    closes = [one for one in seen if not LABELLED & one.kinds]
    labels = [one for one in seen if LABELLED & one.kinds]
    at_once = list(tried(BOOK, closes, labels, lambda _: ""))
    assert sorted(map(repr, at_once)) == sorted(map(repr, lived(seen, lags)))
