"""Which partitions have not been answered for. The client only logs that a broker is down, and tries again for ever."""

from collections.abc import Collection, Iterable, Mapping

from stream.broker.questions import Partition

SILENT_S = 5.0  # the brokers answer a fetch within half a second, with or without news
FRESH_S = 2.0  # an older answer says nothing about where a partition ends now


class Silence:
    """Remembers, per partition, when the last answer came and since when one has been due; seconds of any one clock."""

    def __init__(self, partitions: Iterable[Partition], now: float) -> None:
        self._polled: dict[Partition, int | None] = dict.fromkeys(partitions)
        self._answered = dict.fromkeys(self._polled, float("-inf"))
        self._due = dict.fromkeys(self._polled, now)
        self._listened = now

    def listen(self, polled: Mapping[Partition, int | None], asked: Collection[Partition], now: float) -> None:
        """Note answers. `polled`: the client's own stamp of each last answer. Who is not asked owes no answer.

        Nor does anybody for the time in which nobody listened: a store that fails keeps us away for minutes.
        """
        if now - self._listened > SILENT_S:
            self._due = dict.fromkeys(self._due, now)
        self._listened = now
        for partition, stamp in polled.items():
            if stamp != self._polled[partition]:
                self._polled[partition] = stamp
                self._answered[partition] = self._due[partition] = now
            if partition not in asked:
                self._due[partition] = now

    def fresh(self, partition: Partition, now: float) -> bool:
        """Whether an answer came lately."""
        return now - self._answered[partition] < FRESH_S

    def silent(self, now: float) -> set[Partition]:
        """The partitions that have owed an answer for SILENT_S."""
        return {partition for partition, due in self._due.items() if now - due > SILENT_S}

    def problem(self, now: float) -> str:
        """Who is silent, in words; empty: nobody."""
        silent = self.silent(now)
        if not silent:
            return ""
        longest = now - min(self._due[partition] for partition in silent)
        return f"no answer for {longest:.0f} s about {names(silent)}"


def names(partitions: Collection[Partition]) -> str:
    """The first few partitions as `topic/number`."""
    first = [f"{topic}/{partition}" for topic, partition in sorted(partitions)[:5]]
    more = len(partitions) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
