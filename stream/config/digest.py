"""One short name for everything in a configuration that influences results."""

from hashlib import blake2b

import msgspec

from stream.config.settings import Settings


def digest(settings: Settings) -> str:
    """`blake2b:` and 32 hexadecimal digits: equal for equal windows, findings and triggers from the same log.

    Brokers, store, HTTP and output topics are left out: they move results, but do not change them. A reference file
    counts by its name; its content is in the plan made from it.
    """
    influential = (
        sorted(settings.events.predictions),
        sorted(settings.events.labels),
        settings.events.max_skew or settings.lateness,  # left out and written are the same
        settings.events.max_ahead,
        settings.events.idle,
        settings.limits,
        settings.lateness,
        settings.pane,
        settings.patterns,
    )
    body = msgspec.json.encode(influential, order="sorted")
    return f"blake2b:{blake2b(body, digest_size=16).hexdigest()}"
