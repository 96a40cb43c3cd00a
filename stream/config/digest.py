"""One short name for everything in a configuration that influences results."""

from hashlib import blake2b

import msgspec
from msgspec.structs import astuple, replace

from stream.config.settings import Model, Sequential, Settings


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
        [(name, _canonical(model)) for name, model in settings.patterns],
    )
    body = msgspec.json.encode(influential, order="sorted")
    return f"blake2b:{blake2b(body, digest_size=16).hexdigest()}"


def _canonical(model: Model) -> Model:
    """The model without what makes no difference: the order of lists.

    Which way a metric is better is asked by whoever compares, and is in no row.
    """
    chosen = Sequential(*(tuple(sorted({*names})) for names in astuple(model.sequential)))
    return replace(model, topics=tuple(sorted(model.topics)), sequential=chosen, better={})
