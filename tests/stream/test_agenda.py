"""However many panes wait, the next one is the one that a look at all of them would find."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from stream.config.settings import Model, Settings
from stream.counting.clocks import Mark, Progress
from stream.counting.fewest import Apart, tell_fewest
from stream.events import RESERVED
from stream.monitor.agenda import Agenda
from stream.monitor.scopes import Scope
from stream.partials import STRANGERS_MAX, Open, Partial
from stream.roster import Roster
from stream.tiers.places import ROOM, Place, Places

PANE = 60
SETTINGS = Settings(patterns=(("m1*", Model()), ("*", Model())))
ROSTER = Roster().admit("m1", Model(), "").admit_version("m1", "1", 0)
COUNTED = ("learning", "late", "strangers", "keyed")
Key = tuple[int, str]

keys = st.tuples(st.integers(1, 6).map(lambda i: i * PANE), st.sampled_from(["m1", "m2", "x"]))
steps = st.one_of(
    st.tuples(st.sampled_from([*COUNTED, "versions"]), st.lists(keys, min_size=1, max_size=4)),
    st.tuples(st.just("close"), st.sampled_from([("m",), ("x",)])),
)


def scope(name: str) -> Scope:
    """Two scopes, by a name's first letter; names that stand for others belong to the second."""
    return ("m",) if name.startswith("m") else ("x",)


def looked(partly: Open, of: Scope) -> set[Key]:
    """What is open, by looking at everything."""
    held = (*(getattr(partly, name) for name in COUNTED), partly.versions)
    return {key for each in held for key in each if scope(key[1]) == of}


@given(st.lists(steps, max_size=40))
def test_the_next_pane_is_the_earliest_with_anything_in_it(happened: list[tuple[str, object]]) -> None:
    """By scope; panes that were closed are gone, and may come again."""
    partly = Open(SETTINGS)
    agenda = Agenda(partly, scope)
    for what, about in happened:
        if what == "close":
            assert isinstance(about, tuple)
            open_panes = looked(partly, about)
            end = agenda.next(about, ROSTER)
            assert min((each for each, _ in open_panes), default=None) == end
            names = [] if end is None else agenda.names(about, end, ROSTER)
            assert sorted(name for each, name in open_panes if each == end) == names
            for name in names:
                for counted in (*(getattr(partly, each) for each in COUNTED), partly.versions):
                    counted.pop((end, name), None)
        else:
            assert isinstance(about, list)
            added = {key: frozenset("1") for key in about} if what == "versions" else dict.fromkeys(about, 1)
            partly.add(Partial(**{what: added}))
            agenda.add(about)


def test_who_is_counted_with_others_leaves_them_in_its_place() -> None:
    """More strangers than are told apart: the pane stays open for those that stand for the others."""
    partly = Open(SETTINGS)
    agenda = Agenda(partly, scope)
    for i in range(STRANGERS_MAX + 9):
        added = {(PANE, f"m{i}"): 1}
        together = partly.add(Partial(strangers=added))
        agenda.add(added)
        agenda.add(together)
    found = {*agenda.names(("m",), PANE, ROSTER), *agenda.names(("x",), PANE, ROSTER)}
    assert {name for _, name in partly.strangers} == found
    assert any(name.startswith(RESERVED) for name in found)


@given(
    st.lists(st.dictionaries(st.tuples(st.integers(1, 3), st.sampled_from([f"m{i}" for i in range(9)])), st.just(2)))
)
def test_counts_are_those_of_looking_each_time(added: list[dict[Key, int]]) -> None:
    """Whoever looks only when a pane may be full finds the same."""
    eager, lazy, apart = Counter[Key](), Counter[Key](), Apart(3)
    for i, each in enumerate(added):
        eager.update(each)
        assert set(tell_fewest(eager, 3, SETTINGS)) == set(apart.add(lazy, each, SETTINGS))
        assert eager == lazy
        if i % 3 == 2:  # a pane closes
            for counter in (eager, lazy):
                for key in [key for key in counter if key[0] == 1]:
                    del counter[key]


def test_where_open_panes_begin_is_known_and_the_rest_forgotten() -> None:
    """In a catch-up with all panes open, and after it."""
    places, progress = Places(Place()), Progress(Mark(0, clock=0))
    for i in range(1_000):
        begin, before = progress.mark, progress
        progress = before.advance(Mark(i + 1, clock=i * PANE // 2), PANE)
        places.passed(begin, i, progress)
        if i % 7 == 0 and i > 500:
            progress = progress.closed((i - 500) * PANE // 2, None)
            places.trim(progress)
        assert progress.rewind.offset == places.place(progress).rewind
        assert len(places._begins) <= 2 * len(progress.trail) + ROOM
