"""The laws of decoding: nothing raises, a record becomes one event or one reject, and an oracle agrees on each cell."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.encodings.decoder import Decoder
from stream.encodings.schema import Shape
from tests.stream.encodings import oracle
from tests.stream.encodings.oracle import World
from tests.stream.encodings.worlds import (
    BOMBS,
    EVENT,
    FRAUD,
    MANY_WORDS,
    NOBODY,
    ODD,
    WORLD,
    WORLDS,
    decoder,
    mutated,
    outcomes,
    records,
    rows,
    select,
    valid,
    written,
)

N_MUTATED = 200_000
N_EACH = 4_000
FIELDS = ("amount", "age", "delay", "country", "device")


def deeply(ours: Decoder, values: list[bytes], depth: int) -> list[oracle.Event | str]:
    """The outcomes where the caller has used up some of the stack."""
    return outcomes(ours.decode(records(values))) if depth == 0 else deeply(ours, values, depth - 1)


def test_nothing_raises_and_valid_events_are_all_counted() -> None:
    """Of 200,000 mutated inputs each is an event or a reject; valid events among them are what they are alone."""
    ours, good = decoder(WORLD), valid(50)
    alone = rows(ours.decode(records(good)))
    broken = mutated(1, N_MUTATED, good)
    for i in range(0, N_MUTATED, 2_000):
        chunk = broken[i : i + 2_000]
        mixed = [value for j, one in enumerate(good) for value in (one, *chunk[40 * j : 40 * j + 40])]
        batch = ours.decode(records(mixed))
        assert list(range(2_050)) == sorted([*batch.at.tolist(), *(reject.row for reject in batch.rejects)])
        assert alone == rows(select(batch, batch.at % 41 == 0))


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_the_oracle_agrees_on_every_cell(world: World) -> None:
    """Times, heads, values, texts, segments and reasons are those of a slow decoder, bit for bit."""
    values: list[bytes | None] = [*mutated(2, N_EACH, valid(100)), None, b"", b" ", b"{}", b"[]", b"3", b"null"]
    assert [oracle.decode(world, value) for value in values] == outcomes(decoder(world).decode(records(values)))


@pytest.mark.parametrize("field", [*EVENT, *FIELDS])
def test_the_oracle_agrees_on_every_odd_value_of_every_field(field: str) -> None:
    """Each odd value is put into each field, in one world with and in one without ids."""
    member = b'"%s":' % field.encode()
    plain = written(features={**EVENT["features"], "delay": 2.5})
    i = plain.index(member) + len(member)
    j = i + len(first_value(plain[i:]))
    values = [plain[:i] + odd + plain[j:] for odd in (*ODD, *BOMBS)]
    for world in (WORLD, WORLDS["one"]):
        assert [oracle.decode(world, value) for value in values] == outcomes(decoder(world).decode(records(values)))


def first_value(text: bytes) -> bytes:
    """The first value of a text, for values without commas and braces inside, or a whole object."""
    return (
        text[: text.index(b"}") + 1]
        if text.startswith(b"{")
        else text[: min(text.index(c) for c in (b",", b"}") if c in text)]
    )


@given(st.lists(st.binary(max_size=80) | st.none() | st.sampled_from(valid(5)), max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_an_event_or_a_reject(values: list[bytes | None]) -> None:
    """Whatever the bytes, the oracle agrees."""
    assert [oracle.decode(WORLD, value) for value in values] == outcomes(decoder(WORLD).decode(records(values)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*EVENT, *FIELDS]), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*EVENT, *FIELDS]), JSON, max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere_rejects_only_by_the_header(changes: dict[str, object]) -> None:
    """Whatever stands in whichever fields, the oracle agrees; with an unchanged header the event is accepted."""
    value = written(**{**changes, "features": {**EVENT["features"], **changes}})
    (found,) = outcomes(decoder(WORLD).decode(records([value])))
    assert oracle.decode(WORLD, value) == found
    if not changes.keys() & {"id", "kind", "model", "version", "time"}:
        assert not isinstance(found, str)


@pytest.mark.parametrize("seed", range(3))
def test_any_split_into_batches_gives_the_same_columns(seed: int) -> None:
    """One batch, and random ones of the same records, have the same events and rejects."""
    values = [*mutated(seed, 1_500, valid(50)), *valid(1_500)]
    random.Random(seed).shuffle(values)
    cuts = sorted({0, len(values), *random.Random(seed).sample(range(len(values)), 60)})
    ours = decoder(MANY_WORDS)
    whole = outcomes(ours.decode(records(values)))
    parts = [outcomes(ours.decode(records(values[i:j]))) for i, j in pairwise(cuts)]
    assert whole == [outcome for part in parts for outcome in part]


def test_a_split_batch_is_two_batches() -> None:
    """`Batch.split` gives what decoding the two halves gives, rejects and positions included."""
    whole = decoder(WORLD).decode(records([*mutated(3, 40, valid(20)), *valid(20)]))
    for row in range(len(whole.records.values) + 1):
        for part, half in zip(whole.split(row), (whole.records.until(row), whole.records.since(row)), strict=True):
            alone = decoder(WORLD).decode(half)
            assert outcomes(alone) == outcomes(part)
            assert (alone.rejects, half.position, half.offsets.tolist()) == (
                part.rejects,
                part.records.position,
                part.records.offsets.tolist(),
            )


def test_what_is_accepted_does_not_depend_on_what_is_decoded() -> None:
    """With no models, with models that are being learned, and with plans: the same rejects, times and versions."""
    values = mutated(4, N_EACH, valid(50))
    learning = World(tuple(Shape(shape.model) for shape in WORLD.shapes), (), (), identified=True)
    found = [
        [outcome if isinstance(outcome, str) else (outcome.time, outcome.head[1:]) for outcome in outcomes(batch)]
        for batch in (decoder(world).decode(records(values)) for world in (WORLD, learning, NOBODY))
    ]
    assert found[0] == found[1] == found[2]


def test_what_is_accepted_does_not_depend_on_the_stack() -> None:
    """Documents about as deep as the stack are read alike, however much of it the caller has used."""
    deep = [b"[" * n + b"1" + b"]" * n for n in range(50, 1_400, 25)] + [
        b'{"a":' * n + b"}" * n for n in (450, 700, 950)
    ]
    values = [b'{"x":%s,%s' % (value, written()[1:]) for value in deep]
    values += [written().replace(b'"FR"', value) for value in deep]
    assert deeply(decoder(WORLD), values, 0) == deeply(decoder(WORLD), values, 400)


def test_a_deep_field_is_just_an_object() -> None:
    """A hundred thousand brackets in an unknown field change nothing; in a feature they are a wrong type."""
    world = World((FRAUD,), (), ("FR", "1", "ok"), identified=False, bytes_max=400_000)
    bomb = b"[" * 100_000 + b"]" * 100_000
    ours = decoder(world)
    plain, unknown, feature = rows(
        ours.decode(records([written(), b'{"x":%s,%s' % (bomb, written()[1:]), written().replace(b'"FR"', bomb)]))
    )
    assert plain == unknown
    assert (2, *plain.texts[1:]) == feature.texts


def test_heads_are_forgotten_only_when_told() -> None:
    """A decoder that was told to forget numbers its heads anew, in a list of its own."""
    ours = decoder(WORLD)
    before = ours.decode(records(valid(10)))
    ours.forget()
    after = ours.decode(records(valid(10)))
    assert before.heads is not after.heads
    assert rows(before) == rows(after)
