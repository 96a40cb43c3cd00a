"""What a configuration means, in plain sentences and in numbers: `driftline check FILE`."""

from textwrap import fill

from msgspec import Struct

from stream.config.digest import digest
from stream.config.panes import decision_delay, open_panes, reread
from stream.config.settings import Settings
from stream.config.telling import promises, ruled, sentences
from stream.config.telling.capacity import REPLICAS, USED, Need, load, need
from stream.config.telling.dispatching import dispatching
from stream.config.telling.estimate import ASSUMED, Assumed, Memory, Rows, memory, rows

WIDTH = 100  # characters of a line, so that it fits a terminal beside something else


class Section(Struct, frozen=True):
    """One heading and what there is to say under it."""

    title: str
    sentences: tuple[str, ...]


class Needs(Struct, frozen=True):
    """What a load takes where every partition has events of all models, and where each model has one partition."""

    spread: Need
    keyed: Need


class Explanation(Struct, frozen=True):
    """The same twice: numbers for programs (ns, bytes), sentences for people. It holds no secret."""

    digest: str
    pane: int  # ns
    open_panes: int  # per model, at most
    decision_delay: int  # ns from a window's end to T
    reread: int  # ns of event time that a restart reads again, at most
    assumed: Assumed
    memory: Memory
    rows: Rows  # per day
    needs: Needs | None  # of a load, where one was named
    sections: tuple[Section, ...]


def explanation(settings: Settings, assumed: Assumed = ASSUMED, events_per_second: float | None = None) -> Explanation:
    """The meaning of a configuration; encode it with msgspec for `--json`. The broker is not asked.

    `events_per_second`: also what such a load takes.
    """
    expected, written = memory(settings, assumed), rows(settings, assumed)
    needs = None
    if events_per_second is not None:
        spread, keyed = (need(load(settings, assumed, events_per_second, keyed=keyed)) for keyed in (False, True))
        needs = Needs(spread, keyed)
    sections = (
        Section("Reading", sentences.reading(settings)),
        Section("Time", sentences.time(settings)),
        Section("Models", sentences.models(settings)),
        Section("Verdicts", promises.verdicts(settings)),
        Section("Policy", ruled.policies(settings)),
        Section("Runs", dispatching(settings)),
        Section("Limits", sentences.limits(settings, assumed)),
        Section("Memory and disk", sentences.size(settings, assumed, expected, written)),
        Section("Restart", sentences.restart(settings)),
        Section("Security", sentences.security(settings)),
        *([Section(f"At {events_per_second:,.0f} events per second", _capacity(needs))] if needs else []),
    )
    return Explanation(
        digest=digest(settings),
        pane=settings.pane,
        open_panes=open_panes(settings),
        decision_delay=decision_delay(settings),
        reread=reread(settings),
        assumed=assumed,
        memory=expected,
        rows=written,
        needs=needs,
        sections=sections,
    )


def explain(meaning: Explanation) -> str:
    """The meaning of a configuration as text for a terminal."""
    blocks = [_block(section) for section in meaning.sections]
    return "\n\n".join((*blocks, f"Digest of what influences results: {meaning.digest}")) + "\n"


def _block(section: Section) -> str:
    lines = (fill(sentence, WIDTH, initial_indent="  ", subsequent_indent="    ") for sentence in section.sentences)
    return "\n".join((section.title, *lines))


def _capacity(needs: Needs) -> tuple[str, ...]:
    """What a load takes, in words."""
    one, other = needs.spread, needs.keyed
    cores = f"{one.worker_cores:,.1f} cores"
    beyond = "" if one.monitor_cores < USED else ", more than one monitor has"
    keyed = f"{other.workers:,} workers, a monitor of {other.monitor_cores:,.2f} cores"
    return (
        f"Workers: {one.workers:,}, and at least as many partitions; together they use {cores}.",
        f"The monitor: {one.monitor_cores:,.2f} cores for {one.partials_mb:,.1f} MB of partials per second{beyond}.",
        f"The brokers: {one.brokers_mb:,.0f} MB per second in, and as much out, with {REPLICAS} replicas.",
        f"The store, when it is full: {one.store_gb:,.1f} GB.",
        f"With the model's name as the key of its events: {keyed}, {other.partials_mb:,.1f} MB of partials per second.",
        "From what was measured elsewhere (docs/scaling.md), with guesses as above; measure yours.",
    )
