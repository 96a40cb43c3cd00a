"""What a broker's settings are worth to us: sentences for `driftline check`."""

from collections import Counter
from collections.abc import Mapping

from stream.broker.configs import MESSAGE_BYTES, PARTIAL_BYTES, POLICY, RETENTION, configs
from stream.broker.questions import Questions
from stream.config.panes import reread
from stream.config.settings import Settings
from stream.config.units import spelled_duration
from stream.monitor.scopes import topics

MILLISECOND = 1_000_000


async def worth(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    """One sentence per topic. ConnectionProblem where nobody answers."""
    read = topics(settings)
    partials = {topic: settings.topics.partials_of(topic) for topic in read}  # there, where workers read
    found = await Questions(settings.kafka, environment).partitions([*read, *partials.values()])
    told = [f"Topic {topic} does not exist yet." for topic in read if topic in found.missing]
    counts = Counter(topic for topic, _ in found.partitions)
    known = await configs(settings.kafka, environment, list(counts))
    told += [
        f"Topic {topic}: {_count(counts[topic])}; {_retention(settings, known.get(topic, {}))}."
        for topic in read
        if topic in counts
    ]
    for topic, summed in partials.items():
        if summed in counts:
            kept = _as_long(topic, known.get(topic, {}), known.get(summed, {}))
            fewer = f", fewer than {topic} has: the monitor adds them" if counts[summed] < counts[topic] else ""
            told.append(f"Topic {summed}: {_count(counts[summed])}{fewer}; {kept}{_narrow(known.get(summed, {}))}.")
    return told


def _count(n: int) -> str:
    return f"{n} partition{'s' if n > 1 else ''}"


def _as_long(topic: str, events: Mapping[str, str], partials: Mapping[str, str]) -> str:
    """Whether Partials live as long as the events that they are made of."""
    kept, needed = partials.get(RETENTION, ""), events.get(RETENTION, "")
    if not kept or not needed:
        return "its settings could not be read"
    if int(kept) < 0 or 0 <= int(needed) <= int(kept):
        return f"it keeps what workers have summed as long as {topic} keeps the events"
    span = spelled_duration(int(kept) * MILLISECOND)
    return f"it keeps {span}, less than {topic}: a monitor that is away for longer cannot go on; raise retention.ms"


def _narrow(partials: Mapping[str, str]) -> str:
    """Whether a topic of Partials, which somebody else may have made, takes the largest of them."""
    taken = partials.get(MESSAGE_BYTES, "")
    if not taken or int(taken) >= PARTIAL_BYTES:
        return ""
    return (
        f"; its messages may have {int(taken):,} bytes, and those of a model that is being learned more: "
        f"raise max.message.bytes to {PARTIAL_BYTES}"
    )


def _retention(settings: Settings, config: Mapping[str, str]) -> str:
    policy, kept = config.get(POLICY, ""), config.get(RETENTION, "")
    if "compact" in policy:
        return "it is compacted: events whose keys repeat may be gone before they are read"
    if not kept:
        return "its settings could not be read"
    if int(kept) < 0:
        return "it keeps everything, so no outage is too long"
    span, needed = int(kept) * MILLISECOND, reread(settings)
    if span < needed:
        return (
            f"it keeps {spelled_duration(span)}, less than the {spelled_duration(needed)} that a restart may read "
            "again: raise retention.ms"
        )
    return f"it keeps {spelled_duration(span)}: the service may be down for as long, less {spelled_duration(needed)}"
