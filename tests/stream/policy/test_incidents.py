"""The policy: k of n windows open an incident, one at a time; quiet for the cooldown; clean windows close it."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream.config.settings import DAY, HOUR, MINUTE, Trigger
from stream.events import NEVER
from stream.policy import Book, Event, Policy
from tests.policies import drifting, rules, step

LENGTH, MINUTES = 10, 5 * MINUTE
TWO_OF_THREE = Trigger(windows=2, of=3, cooldown=100)
Verdict = bool | None  # of one series: drifted or not; None: unknown


@dataclass
class Life:
    """One version whose windows of one length end every LENGTH, driven as the monitor does it."""

    trigger: Trigger = TWO_OF_THREE
    policy: Policy = field(default_factory=Policy)
    at: int = 0
    events: list[Event] = field(default_factory=list)

    @property
    def book(self) -> Book:
        """Its rules."""
        return rules(self.trigger)

    def window(self, *verdicts: Verdict, plan: str = "a", suppressed: str = "") -> "Life":
        """The next window, with a verdict per series."""
        self.at += LENGTH
        drifted, known = [verdict is True for verdict in verdicts], [verdict is not None for verdict in verdicts]
        seen = drifting(LENGTH, self.at, drifted, known, plan)
        self.policy, happened = step(self.policy, self.book, seen, suppressed=suppressed)
        self.events += happened
        return self

    def windows(self, story: str) -> "Life":
        """Windows of one series: `!` drifted, `.` did not, `?` unknown."""
        for sign in story:
            self.window({"!": True, ".": False, "?": None}[sign])
        return self

    @property
    def told(self) -> list[tuple[str, int, bool]]:
        """What happened: opened or closed, when, and whether a retraining was asked for."""
        return [(event.state, event.at, event.triggered) for event in self.events]


def test_one_drifted_window_is_not_enough() -> None:
    """Nor are two that three windows lie between."""
    assert [] == Life().windows("!..!..!").told


def test_k_of_n_windows_open_an_incident() -> None:
    """Two of three, with one in between that was well."""
    assert [("opened", 30, True)] == Life().windows("!.!").told
    assert "f0" == Life().windows("!.!").events[0].incident.feature


def test_the_windows_must_be_of_one_series() -> None:
    """Two features that drift once each are no persistent drift."""
    assert [] == Life().window(True, False).window(False, True).told


def test_there_is_one_incident_at_a_time() -> None:
    """Whatever else drifts while it is open belongs to it."""
    life = Life().window(True, False)
    for _ in range(5):
        life.window(True, True)
    assert [("opened", 20, True)] == life.told


def test_an_incident_closes_after_n_clean_windows() -> None:
    """Three without any drift of any series; one that drifts begins the count anew."""
    assert [("opened", 20, True), ("closed", 50, False)] == Life().windows("!!...").told
    assert [("opened", 20, True), ("closed", 80, False)] == Life().windows("!!..!...").told


def test_a_series_that_is_gone_does_not_keep_its_incident_open() -> None:
    """A segment or a category without events has no verdict any more: it is not drifting for ever."""
    assert [("opened", 20, True), ("closed", 50, False)] == Life().windows("!!???").told


def test_windows_without_a_verdict_are_bridged() -> None:
    """A night with too few events does not make two drifted windows strangers to each other."""
    assert [("opened", 50, True)] == Life().windows("!???!").told


def test_after_an_incident_it_is_quiet_for_the_cooldown() -> None:
    """The next one is opened, and asks for nothing; the one behind the cooldown does."""
    life = Life().windows("!!...!!...")
    assert [("opened", 20, True), ("closed", 50, False), ("opened", 70, False), ("closed", 100, False)] == life.told
    assert ("opened", 120, True) == life.windows("!!").told[-1]


def test_without_triggers_incidents_are_told_all_the_same() -> None:
    """`enabled: false` asks for nothing, and starts no cooldown."""
    life = Life(Trigger(windows=2, of=3, cooldown=100, enabled=False)).windows("!!")
    assert [("opened", 20, False)] == life.told
    assert NEVER == life.policy.last.quiet_until


def test_another_plan_begins_anew() -> None:
    """Its series are others: what drifted under the former one counts no more."""
    life = Life().windows("!").window(True, True, plan="b")
    assert [] == life.told
    assert [("opened", 30, True)] == life.window(True, True, plan="b").told


def test_two_lengths_are_counted_apart() -> None:
    """A drifted window of an hour and one of a day are one each."""
    book = rules(TWO_OF_THREE)
    policy, first = step(Policy(), book, drifting(LENGTH, 10, [True]))
    policy, second = step(policy, book, drifting(2 * LENGTH, 20, [True]))
    assert ((), ()) == (first, second)
    assert [1, 1] == [bits.bit_count() for _, _, bits, _ in remembered(policy)]


def test_windows_that_overlap_do_not_confirm_each_other() -> None:
    """Only those a whole length apart do; what is quiet is not remembered at all."""
    book, policy, asking = rules(TWO_OF_THREE), Policy(), []
    for at in range(12, 32, 2):
        policy, fresh = policy.observe(book, drifting(LENGTH, at, [at in {12, 14, 16, 26}]))
        asking += [at] * bool(fresh)
    assert [26] == asking  # confirmed by 16, though 24 was well
    (memory,) = policy.memories.values()
    assert {(LENGTH, 2), (LENGTH, 4), (LENGTH, 6)} == {place[:2] for place in memory.places}


def remembered(policy: Policy) -> list[tuple[str, str, int, bool]]:
    """All series that a policy remembers."""
    return [one for memory in policy.memories.values() for *_, some in memory.places for one in some]


@given(st.lists(st.lists(st.sampled_from([True, False, None]), min_size=2, max_size=2), max_size=30))
def test_incidents_alternate_and_triggers_keep_their_distance(verdicts: list[list[Verdict]]) -> None:
    """Opened, closed, opened: never two at once; triggers are a cooldown apart."""
    life = Life()
    for verdict in verdicts:
        life.window(*verdict)
    assert ["opened", "closed"] * (len(life.told) // 2) + ["opened"] * (len(life.told) % 2) == [
        state for state, _, _ in life.told
    ]
    asked = [at for _, at, triggered in life.told if triggered]
    assert all(later - earlier >= TWO_OF_THREE.cooldown for earlier, later in pairwise(asked))


@given(st.lists(st.sampled_from([True, False, None]), max_size=30))
def test_persistence_is_the_last_n_windows_with_a_verdict(verdicts: list[Verdict]) -> None:
    """The slow oracle: the newest is drifted, and k of the last n that are known."""
    life = Life()
    for verdict in verdicts:
        life.window(verdict)
    known = [verdict for verdict in verdicts if verdict is not None][-TWO_OF_THREE.of :]
    expected = bool(known) and bool(known[-1]) and sum(known) >= TWO_OF_THREE.windows
    assert expected == any(held for *_, held in remembered(life.policy))


def closed(longer: int, hours: str, minutes: str = "!!..!..!..!.") -> list[tuple[str, int]]:
    """What happens with windows of five minutes, of which none of the later ones drifts, beside `longer` ones."""
    ruling = rules(TWO_OF_THREE)
    policy, told, n = Policy(), [], longer // MINUTES
    for i in range(1, n * len(hours) + 1):
        drifted = i <= len(minutes) and minutes[i - 1] == "!"
        seen = [drifting(MINUTES, i * MINUTES, [drifted])]
        if i % n == 0:
            seen.append(drifting(longer, i * MINUTES, [hours[i // n - 1] == "!"]))
        policy, happened = step(policy, ruling, *seen)
        told += [(event.state, event.at // MINUTES) for event in happened]
    return told


def test_an_incident_stays_open_while_the_next_longer_windows_still_find_it() -> None:
    """Five minutes are too few at night; the hour that is clean closes it, and not only three windows."""
    assert [("opened", 2), ("closed", 48)] == closed(HOUR, "!!!..")
    assert [("opened", 2), ("closed", 14)] == closed(HOUR, ".....")


def test_much_longer_windows_keep_nothing_open() -> None:
    """A day has in it for a day what was over in an hour."""
    assert [("opened", 2), ("closed", 14)] == [each for each in closed(DAY, "!") if each[1] < DAY // MINUTES]
