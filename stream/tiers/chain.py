"""Partials between machines: each of one partition, with the marks between which it was read. They chain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stream.counting.clocks import Mark
from stream.events import NEVER, Partition
from stream.partials import Partial

Kind = Literal["read", "at end", "release", "lost"]


@dataclass(frozen=True)
class Link:
    """What `[begin, end)` of a partition adds. The next one begins with the mark that this one ends with.

    One "at end" says that nothing more was there to be read. A release is empty, and raises the clocks of a partition
    whose reader has found it idle. A loss is empty, and goes over what retention took before it could be read; what is
    behind it says when the gap ended.
    """

    partition: Partition
    begin: Mark
    end: Mark
    partial: Partial = field(default_factory=Partial)
    unplaced: Mapping[str, int] = field(default_factory=dict)  # refused before the partition's first clock, by reason
    kind: Kind = "read"
    gap: bool = False  # whether a loss lies before `end`, and no event behind it yet
    upto: int = -1  # the high watermark of the partition, as its reader knew it
    behind: int = NEVER  # the time of the first event behind a loss, ns, where it is in here


class ChainBroken(Exception):
    """A Partial does not continue where the last one ended, and nobody declared a loss: results would be wrong."""


def continues(link: Link, mark: Mark) -> bool:
    """Whether a Partial comes next after a mark; False: it repeats what is known. ChainBroken: neither."""
    if link.begin == mark:
        return True
    if link.end.place <= mark.place:
        return False
    topic, partition = link.partition
    raise ChainBroken(
        f"{topic}/{partition}: after {mark} comes a partial that begins at {link.begin}: what lies between is missing"
    )
