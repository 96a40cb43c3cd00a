"""One entry of `targets:`, read by the keys of its kind; or everything that is wrong with it."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct

from sinks.dispatch.targets.plans.addresses import wanted
from sinks.dispatch.targets.plans.keys import COMMON, READS, Entry, Key, Stranger, networks
from sinks.dispatch.targets.plans.templates import NAMES
from sinks.dispatch.targets.systems.kinds import KINDS

SHOWN_MAX = 60
USER = re.compile("//.*@")  # of an address
Path = tuple[str | int, ...]


class Wrong(Struct, frozen=True):
    """One mistake: where in the entry, what was expected, and the valid name that was perhaps meant."""

    path: Path
    expected: str
    value: str = ""
    nearest: str = ""


def read(entry: object) -> Entry:
    """The entry, which must have nothing `wrong`."""
    found = wrong(entry)
    assert not found, f"an entry with mistakes: {found[0].expected}"
    assert isinstance(entry, Mapping)
    kind = str(entry["kind"])
    values = {key: each.default for key, each in KINDS[kind].keys.items()}
    for key, value in entry.items():
        if key not in COMMON:
            values[key] = READS[KINDS[kind].keys[key].reads](value)
    return Entry(named(entry), kind, values)


def named(entry: object) -> str:
    """The name of an entry: its kind, where it says none; empty where it has neither."""
    if not isinstance(entry, Mapping):
        return ""
    return str(entry.get("name") or entry.get("kind") or "")


def wrong(entry: object) -> list[Wrong]:
    """Everything that is wrong with an entry; nothing: it can be opened. No value of a secret's key is shown."""
    if not isinstance(entry, Mapping):
        return [Wrong((), "a mapping of keys, such as {kind: airflow, url: https://airflow.example.com, dag: retrain}")]
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        value, meant = ("", "") if kind is None else (_shown(kind), _nearest(str(kind), KINDS))
        return [Wrong(("kind",), _choice(KINDS), value, meant)]
    keys = {**COMMON, **KINDS[kind].keys}
    found = [each for key, value in entry.items() for each in _of(str(key), value, keys)]
    missing = [key for key, each in keys.items() if each.needed and key not in entry]
    found += [Wrong((), f"the key {key}: {keys[key].words}") for key in missing]
    values = {str(key): value for key, value in entry.items()}
    found = found or [Wrong((key,) if key in entry else (), words) for key, words in KINDS[kind].together(values)]
    return found or [*_unreachable(values, keys)]


def _unreachable(values: Mapping[str, object], keys: Mapping[str, Key]) -> Iterator[Wrong]:
    """Addresses that are never connected to, whatever is there."""
    named = networks(values.get("networks", []))
    for key in values.keys() & {key for key, each in keys.items() if each.reads == "url"}:
        if words := wanted(str(values[key]), named):
            yield Wrong((key,), words, _shown(values[key]))


def _of(key: str, value: object, keys: Mapping[str, Key]) -> Iterator[Wrong]:
    if key not in keys:
        # Its value is not shown: under a misspelt name it may be a secret.
        yield Wrong((key,), _choice(sorted(keys)), "an unknown key", _nearest(key, keys))
        return
    try:
        READS[keys[key].reads](value)
    except Stranger as stranger:
        expected = f"places of {', '.join(NAMES)}; a dollar is $$"
        yield Wrong((key, *stranger.path), expected, _shown(stranger.place), _nearest(stranger.place, NAMES))
    except (ValueError, TypeError):
        yield Wrong((key,), keys[key].words, "" if keys[key].reads == "secret" else _shown(value))


def _shown(value: object) -> str:
    """A value as it was written, without the user and the password that an address may hold."""
    if value is None:
        return "nothing"
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "a mapping"
    text = USER.sub("//...@", str(value))
    return repr(text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "...")


def _nearest(name: str, names: Mapping[str, object] | tuple[str, ...]) -> str:
    return next(iter(get_close_matches(name[:SHOWN_MAX], sorted(names), n=1)), "")


def _choice(names: Mapping[str, object] | list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
