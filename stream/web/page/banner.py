"""How the service itself is doing, at the top of every page."""

from stream.config.units import spelled_size
from stream.web.api.asked import notices
from stream.web.page.html import Html, join, tag, time
from stream.web.page.status import Status
from stream.web.times import moment


def banner(status: Status) -> Html:
    """What a person must look at first, then the service's vital signs."""
    return join(*_notices(status), *notices(status.controls, status.watermark_ns), _signs(status))


def _notices(status: Status) -> list[Html]:
    notices = []
    if status.problem:
        notices.append(tag("p", tag("strong", "Needs attention: "), status.problem, class_="notice bad", role="alert"))
    elif not status.ready:
        notices.append(tag("p", f"Not ready yet: {status.reason}", class_="notice", role="status"))
    if status.replaying:
        text = "Old events are being read again: what is shown is from the past and moves quickly."
        notices.append(tag("p", text, class_="notice", role="status"))
    return notices


def _signs(status: Status) -> Html:
    watermark = status.watermark_ns
    idle = sum(partition.idle for partition in status.partitions)
    outbox = status.triggers_pending + status.dead_letters_pending
    signs = (
        ("Service", "ready" if status.ready else "not ready"),
        ("Complete up to", time(moment(watermark)) if watermark is not None else "no event yet"),
        ("Waiting to be read", f"{status.lag:,} records"),
        ("Partitions", f"{len(status.partitions)}" + (f", {idle} idle" if idle else "")),
        ("Last commit", f"{status.commit:,} in {1000 * status.commit_seconds:.0f} ms" if status.commit else "none yet"),
        ("Waiting to be sent", f"{outbox:,}"),
        ("Memory", spelled_size(status.memory_bytes) if status.memory_bytes else "unknown"),
    )
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in signs), class_="signs")
