"""What a configuration means, in plain sentences and in numbers: `driftline check FILE`."""

from textwrap import fill

from msgspec import Struct

from stream.config import sentences
from stream.config.digest import digest
from stream.config.estimate import ASSUMED, Assumed, Memory, Rows, memory, rows
from stream.config.panes import decision_delay, open_panes, reread
from stream.config.settings import Settings

WIDTH = 100  # characters of a line, so that it fits a terminal beside something else


class Section(Struct, frozen=True):
    """One heading and what there is to say under it."""

    title: str
    sentences: tuple[str, ...]


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
    sections: tuple[Section, ...]


def explanation(settings: Settings, assumed: Assumed = ASSUMED) -> Explanation:
    """The meaning of a configuration; encode it with msgspec for `--json`. The broker is not asked."""
    expected, written = memory(settings, assumed), rows(settings, assumed)
    sections = (
        Section("Reading", sentences.reading(settings)),
        Section("Time", sentences.time(settings)),
        Section("Models", sentences.models(settings)),
        Section("Verdicts", sentences.verdicts(settings)),
        Section("Limits", sentences.limits(settings)),
        Section("Memory and disk", sentences.size(settings, assumed, expected, written)),
        Section("Restart", sentences.restart(settings)),
        Section("Security", sentences.security(settings)),
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
        sections=sections,
    )


def explain(settings: Settings, assumed: Assumed = ASSUMED) -> str:
    """The meaning of a configuration as text for a terminal."""
    meaning = explanation(settings, assumed)
    blocks = [_block(section) for section in meaning.sections]
    return "\n\n".join((*blocks, f"Digest of what influences results: {meaning.digest}")) + "\n"


def _block(section: Section) -> str:
    lines = (fill(sentence, WIDTH, initial_indent="  ", subsequent_indent="    ") for sentence in section.sentences)
    return "\n".join((section.title, *lines))
