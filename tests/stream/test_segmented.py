"""Crossed fields and conditions: events are told apart like a loop does it, in the reference and in the stream."""

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

from detectors.performance.expression import Wrong
from stream import reference
from stream.binding import Schema, schema
from stream.config.sections.segments import Segment, plain
from stream.config.settings import Limits, Model
from stream.encodings.packed import unpacked
from stream.plan import Plan
from stream.reference import ReferenceProblem, Table, saved
from stream.segments.condition import read
from stream.segments.fields import apart, together
from tests.stream.encodings import tables
from tests.stream.encodings.worlds import records, written

NUMBERS = (0, -0.0, 1.5, -3, 7, 10**400, 1e300, None, math.nan, math.inf, True, "7", [1], 2**53 + 1)
WORDS = ("FR", "DE", "a/b", "a / b", "", None, 7, 7.0, 0.5, True, False, math.nan, {"a": 1}, "é", "x" * 99)
KINDS = {"amount": "numeric", "age": "numeric", "country": "categorical", "credit limit": "numeric"}
Event = dict[str, Any]
Says = Callable[[Event], bool | None]


def made(seed: int, n: int) -> list[Event]:
    """Predictions with odd values among the usual ones; `income` and `tier` are not watched."""
    dice = random.Random(seed)
    return [
        {
            "features": {
                "amount": dice.choice((dice.gauss(50, 9), dice.gauss(50, 9), dice.choice(NUMBERS))),
                "age": dice.randrange(90),
                "country": dice.choice(WORDS[: dice.choice((2, 4, 99))]),
                "credit limit": dice.choice((1_000, 2_000, None)),
                "income": dice.choice((50, 200, 2**60, "x", None)),
                "tier": dice.choice((1, 2, 3, "gold", None)),
            },
            "segments": {"site": dice.choice(WORDS), "shop": dice.choice(("web", "store"))},
        }
        for _ in range(n)
    ]


def planned(events: list[Event], *segments: str | Segment, most: int = 4) -> Plan:
    """The plan that some events make."""
    table = reference.from_events([written(**event) for event in events])
    settings = Model(features=KINDS, segments=segments)
    return reference.plan("fraud", table, settings, Limits(segments=most), since=0, source="here")


def bound(plan: Plan) -> Schema:
    """The schema of one plan."""
    return schema([("fraud", [plan])], sorted(plan.fields_read), identified=False, bytes_max=65_536)


def rows_of(plan: Plan, payloads: Sequence[bytes]) -> list[tuple[str, ...]]:
    """The names of the rows in which the stream counts each event."""
    made_of = bound(plan)
    batch = made_of.decoder.decode(unpacked(records(payloads)))
    assert not batch.rejects
    rows = made_of.bindings[plan.id].rows(batch.values, batch.texts, batch.segments)
    return [tuple(plan.rows[i] for i in row) for row in rows.tolist()]


def number(value: object) -> float | None:
    """A value as a number; None where it is none."""
    if value == 10**400:
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return float(value)


def text(value: object) -> str | None:
    """A value as the text of its category; None where it has none, or is of a wrong type."""
    if isinstance(value, str):
        return value
    if value is None or not isinstance(value, int | float):
        return None
    as_float = float(value)
    return str(int(as_float)) if math.isfinite(as_float) and as_float == int(as_float) else repr(as_float)


def comparison(dice: random.Random) -> tuple[str, Says]:
    """A comparison by chance, and what it says of an event."""
    n, words = dice.choice((0, 1.5, 7, 50, -3)), dice.sample(("FR", "DE", "7", "0.5", "nowhere"), 2)

    def amount(event: Event) -> float | None:
        return number(event["features"]["amount"])

    def country(event: Event) -> str | None:
        return text(event["features"]["country"])

    def unless_missing(value: Callable[[Event], Any], says: Callable[[Any], bool]) -> Says:
        return lambda event: None if (found := value(event)) is None else says(found)

    listed = f"({words[0]!r}, {words[1]!r})"
    return dice.choice((
        (f"amount > {n}", unless_missing(amount, lambda a: a > n)),
        (f"{n} >= amount", unless_missing(amount, lambda a: a <= n)),
        (f"amount != {n}", unless_missing(amount, lambda a: a != n)),
        (f"amount in ({n}, 7)", unless_missing(amount, lambda a: a in {n, 7})),
        (f"10 < amount <= {n}", unless_missing(amount, lambda a: 10 < a <= n)),
        ("amount < age", unless_missing(amount, lambda _: False)),
        ("amount is missing", lambda event: amount(event) is None),
        ("field('credit limit') > 1500", lambda event: _over(event["features"]["credit limit"])),
        (f"country == {words[0]!r}", unless_missing(country, lambda c: c == words[0])),
        ("country == 7", unless_missing(country, lambda c: c == "7")),
        (f"country not in {listed}", unless_missing(country, lambda c: c not in words)),
        ("country is not missing", lambda event: country(event) is not None),
        ("site == true", unless_missing(lambda event: text(event["segments"]["site"]), lambda s: s == "1")),
        ("tier == 'gold'", unless_missing(lambda event: text(event["features"]["tier"]), lambda t: t == "gold")),
    ))  # fmt: skip


def _over(limit: float | None) -> bool | None:
    return None if limit is None else limit > 1_500


def condition(dice: random.Random, depth: int = 2) -> tuple[str, Says]:
    """A condition by chance, and what it says of an event: unknown is None."""
    does = dice.choice(("and", "or", "not", "one")) if depth else "one"
    if does == "one":
        while (found := comparison(dice))[0] == "amount < age":
            pass
        return found
    if does == "not":
        written_, says = condition(dice, depth - 1)
        return f"not ({written_})", lambda event: None if (found := says(event)) is None else not found
    parts = [condition(dice, depth - 1) for _ in range(dice.choice((2, 3)))]

    def both(event: Event) -> bool | None:
        found = [says(event) for _, says in parts]
        decides = does == "or"
        return decides if decides in found else None if None in found else not decides

    return f" {does} ".join(f"({each})" for each, _ in parts), both


@pytest.mark.parametrize("seed", range(40))
def test_conditions_say_of_each_event_what_a_loop_says(seed: int) -> None:
    """Random ones on odd values, in the reference and decoded; three-valued as in SQL."""
    events = made(seed, 120)
    written_, says = condition(random.Random(seed))
    plan = planned(events, Segment("big", where=written_))
    names = {True: "big=true", False: "big=false", None: "big=(missing)"}
    expected = [names[says(event)] for event in events]
    assert expected == [row for (row,) in rows_of(plan, [written(**event) for event in events])]
    counts = dict(zip(plan.rows[1:], plan.reference.events()[1:].tolist(), strict=True))
    assert Counter(expected) == Counter({name: n for name, n in counts.items() if n})


def value_of(event: Event, name: str) -> str | None:
    """The category of a field; objects, and what is no number, are other values, not missing ones."""
    value = event["features" if name in event["features"] else "segments"][name]
    return None if value is None else "(other)" if (found := text(value)) is None or found == "nan" else found


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("fields", [("country", "site"), ("shop", "country", "site")])
def test_crossed_fields_have_the_values_that_are_the_most_frequent_together(seed: int, fields: tuple[str, ...]) -> None:
    """Counted by a loop; what is beyond the limit is another value, and without one of the fields it is missing."""
    events, later = made(seed, 200), made(seed + 1_000, 100)
    plan = planned(events, Segment("", crossed=fields), most=9)
    met: Counter[str] = Counter()
    for event in events:
        values = [value_of(event, name) for name in fields]
        if None not in values and "(other)" not in values:
            met[together(str(value) for value in values)] += 1
    kept = sorted(sorted(met, key=lambda value: (-met[value], value))[:9])
    assert tuple(kept) == plan.segments[0].values

    def expected(event: Event) -> str:
        values = [value_of(event, name) for name in fields]
        name = "(missing)" if None in values else together(str(value) for value in values)
        return f"{' x '.join(fields)}={name if name in {*kept, '(missing)'} else '(other)'}"

    assert list(map(expected, later)) == [row for (row,) in rows_of(plan, [written(**event) for event in later])]


ALL = (
    "site",
    "country",
    Segment("", ("site", "country")),
    Segment("big", where="amount > 50 and country in ('FR', 'DE') or field('credit limit') is missing"),
    Segment("place", ("shop", "big", "tier")),
    Segment("rich", where="income > 100"),
    Segment("golden", where="tier == 'gold'"),
)


def test_the_stream_counts_the_references_rows_like_the_reference() -> None:
    """Decoded and counted, the events that made the reference are the reference, bit for bit, read back or not."""
    events = made(1, 600)
    plan = planned(events, *ALL, most=12)
    for each in (plan, Plan.load(plan.body)):
        assert (plan.body, plan.rows) == (each.body, each.rows)
        made_of = bound(each)
        batch = made_of.decoder.decode(records([written(**event) for event in events]))
        assert each.reference == made_of.bindings[each.id].summary(batch.values, batch.texts, batch.segments)
    assert {"place=web / false / gold", "big=true", "big=false", "big=(missing)"} < set(plan.rows)
    assert "big=(other)" not in plan.rows


def test_records_of_many_events_are_told_apart_like_single_ones() -> None:
    """Arrow and JSON of the same events give the same rows."""
    events = [event for event in made(2, 300) if not isinstance(event["features"]["amount"], list | str | bool)]
    for event in events:
        for name in ("amount", "income"):
            event["features"][name] = number(event["features"][name])
        for group, name in (("features", "country"), ("segments", "site"), ("features", "tier")):
            event[group][name] = text(event[group][name])
    plan = planned(events, *ALL)
    documents = [json.loads(written(**event)) for event in events]
    columns = {
        name: [event[name] for event in documents]
        for name in ("kind", "model", "version", "time", "features", "segments")
    }
    whole = [tables.stream(pa.table(columns), 100)]
    assert rows_of(plan, [written(**event) for event in events]) == rows_of(plan, whole)


def test_names_of_values_that_occur_together_tell_them_apart() -> None:
    """Whatever slashes are in them."""
    dice = random.Random(3)
    some = ["", "/", " / ", "a", "a/", "/a", "a / b", "//", " ", "a ", " a"]
    seen: dict[str, tuple[str, ...]] = {}
    for _ in range(3_000):
        values = tuple(dice.choice(some) for _ in range(2))
        name = together(values)
        assert values == apart(name) == seen.setdefault(name, values)


@pytest.mark.parametrize(
    ("text_", "expected"),
    [
        ("amount", "a comparison: amount == true"),
        ("amount > 3 and", "a condition such as"),
        ("amount = 3", "a condition such as"),
        ("amount > '3'", "a number: texts have no order"),
        ("country == FR", "a name compared with"),
        ("1 < 2", "a name on one side"),
        ("amount + 1 > 2", "a name on one side"),
        ("amount in 3", "a name in a list"),
        ("amount in ()", "a name in a list"),
        ("amount is None", "`is missing`"),
        ("country == [1]", "a number, a text in quotes"),
        ("amount > 3 or country", "a comparison: country == true"),
        ("__import__('os').system('x')", "names, numbers"),
        ("(lambda: 1)() == amount", "a number, a text in quotes"),
        ("amount > 1 if country == 'FR' else amount > 2", "names, numbers"),
        ("not " * 200 + "amount > 1", "at most 400 characters"),
        ("(" * 40 + "amount > 1" + ")" * 40, "at most 32 brackets"),
        ("tier > 3 or tier == 'gold'", "one kind of values for each name"),
    ],
)
def test_what_is_no_condition_is_told_so(text_: str, expected: str) -> None:
    """Nothing of it is run."""
    with pytest.raises(Wrong) as caught:
        assert not read(text_).asked
    assert caught.value.expected.startswith(expected)


def test_a_condition_that_the_reference_cannot_answer_is_a_problem() -> None:
    """Numbers of a category, texts of a number: found where nothing is declared, too."""
    events = made(4, 200)
    table = reference.from_events([written(**event) for event in events])

    def problem(where: str) -> str:
        settings = Model(segments=(Segment("big", where=where),))
        with pytest.raises(ReferenceProblem) as caught:
            reference.plan("fraud", table, settings, Limits(), since=0, source="here")
        return str(caught.value)

    assert "segment 'big' compares 'country' as a number; declare it a numeric feature" == problem("country > 3")
    assert "segment 'big' compares 'site' as a number; declare it a numeric feature" == problem("site > 3")
    assert "segment 'big' compares 'age' with texts; declare it categorical" == problem("age == 'old'")


def test_a_saved_plan_is_told_apart_as_the_configuration_asks() -> None:
    """Read back it counts the same; built for another crossing or condition, it is refused."""
    events = made(6, 100)
    plan = planned(events, *ALL)
    table = Table(saved=saved.load(saved.save(plan), "plan"))

    def adopted(*segments: str | Segment) -> Plan:
        settings = Model(features=KINDS, segments=segments)
        return reference.plan("fraud", table, settings, Limits(), since=0, source="here")

    assert (plan.segments, plan.reference) == ((again := adopted(*ALL)).segments, again.reference)
    for i, other in ((2, Segment("site x country", ("country", "site"))), (5, Segment("rich", where="income > 101"))):
        with pytest.raises(ReferenceProblem, match="was built for segments site, country, site x country"):
            adopted(*ALL[:i], other, *ALL[i + 1 :])


def test_what_no_event_has_is_missing() -> None:
    """As for fields: nobody can say whether it will come."""
    plan = planned(made(5, 50), Segment("big", where="tier > 3"), "nowhere", Segment("", ("nowhere", "shop")))
    counts: Mapping[str, int] = dict(zip(plan.rows, plan.reference.events().tolist(), strict=True))
    assert (50, 50) == (counts["nowhere=(missing)"], counts["nowhere x shop=(missing)"])
    assert ("site", "country") == plain(ALL)[:2]
