"""What a load takes: cores, bytes and disk, from what `python -m tests.bench tiers deployed` measured.

Workers  = events x decoding + Partials x series x cutting
Monitor  = Partials x (a constant + series x adding + bytes x reading) + windows x closing
Partials = one per partition and second, or per 50,000 events
A series is all events of a model, or those of one value of a segment field; it has 28 columns here.
"""

from itertools import pairwise
from math import ceil, log

from msgspec import Struct

from stream.config.settings import DAY, SECOND, Settings
from stream.config.telling.estimate import ROW, Assumed, columns, models, segment_rows

# Measured on a virtual core at 2.5 GHz, events of 600 bytes with 24 features; all but the first while others used the
# machine, too, so they are rather too high (docs/scaling.md, "What a load takes").
DECODING_US = 11.0  # per event, Kafka's client included
CUTTING_US = 50.0  # per series of a Partial, at the worker
PARTIAL_US, ADDING_US, READING_NS = 500.0, 18.0, 16.0  # per Partial, per series of it, per byte of it, at the monitor
CLOSING_US = 210.0  # per window of a series: distances, limits, rows
SERIES_BYTES = ((2, 430), (54, 1_170), (500, 2_370), (12_500, 6_350))  # of a Partial, by events of the series in it
PANE_BYTES = 1_870  # of a series in a stored pane

CUT_EVENTS = 50_000
PANE_DAYS = 2  # for people, beyond the longest window
USED = 0.6  # of a core, by choice: the rest is for catching up
REPLICAS = 3  # of each topic: as many bytes come in; as many go out, to the other replicas and one reader
STEP = 1.02  # in looking for the least number of partitions


class Load(Struct, frozen=True):
    """What is to be watched, all models together. `keyed`: whether each model's events are on one partition."""

    events_per_second: float
    event_bytes: int
    models: int
    series: int
    fields: int  # segment fields of an event, at most
    windows_per_s: float  # of all series
    rows_per_day: float  # of windows, distances and effects
    panes_per_day: float  # of all series
    keep_days: float
    pane_days: float
    keyed: bool = False


class Need(Struct, frozen=True):
    """What that takes."""

    partitions: int
    worker_cores: float
    workers: int  # processes of one core, used up to USED
    partials_mb: float  # per second, between workers and monitor
    monitor_cores: float
    brokers_mb: float  # per second, in, and as much out
    store_gb: float


def load(settings: Settings, assumed: Assumed, events_per_second: float, *, keyed: bool = False) -> Load:
    """The load of a configuration, with guesses for what it does not say."""
    n_models = n_series = 0
    windows = rows = 0.0  # per day
    for name, model in settings.patterns:
        many, each = models(settings, name, assumed), segment_rows(settings, model, assumed)
        closed = many * sum(DAY / every for _, every in model.spans)
        n_models, n_series = n_models + many, n_series + many * each
        windows += closed * each
        measures = 1 + len(model.drift.measures)
        rows += closed * (each + measures * sum(columns(settings, model, assumed)))  # of segments only what is found
    return Load(
        events_per_second,
        assumed.event_bytes,
        n_models,
        n_series,
        max(len(model.segments) for _, model in settings.patterns),
        windows * SECOND / DAY,
        rows,
        n_series * DAY / settings.pane,
        settings.store.keep / DAY,
        PANE_DAYS + max(length for _, model in settings.patterns for length in model.windows) / DAY,
        keyed,
    )


def need(load: Load, partitions: int = 0) -> Need:
    """The need of a load on so many partitions, or on as few as have a worker each that is not overloaded."""
    if not partitions:
        partitions = ceil(load.events_per_second * DECODING_US / 1e6 / USED)
        while (found := need(load, partitions)).workers > partitions:
            partitions = max(partitions + 1, int(partitions * STEP))
        return found
    n = partitions * max(1.0, load.events_per_second / partitions / CUT_EVENTS)
    series = _series(load, partitions, load.events_per_second / n)
    size = series * _series_bytes(load.events_per_second / n * (1 + load.fields) / series)
    worker_cores = (load.events_per_second * DECODING_US + n * series * CUTTING_US) / 1e6
    adding_us = PARTIAL_US + series * ADDING_US + size * READING_NS / 1e3
    megabytes = (load.events_per_second * load.event_bytes + n * size) / 1e6
    return Need(
        partitions,
        worker_cores,
        ceil(worker_cores / USED),
        n * size / 1e6,
        (n * adding_us + load.windows_per_s * CLOSING_US) / 1e6,
        megabytes * REPLICAS,
        (load.rows_per_day * load.keep_days * ROW + load.panes_per_day * load.pane_days * PANE_BYTES) / 1e9,
    )


def _series(load: Load, partitions: int, events: float) -> float:
    """How many a Partial has: no more than its partition, nor than its events are in."""
    known = max(load.series / load.models, load.series / partitions) if load.keyed else load.series
    return min(known, events * (1 + load.fields))


def _series_bytes(events: float) -> float:
    """Bytes of one in a Partial, between the measured points by the logarithm of its events there."""
    for (low, least), (high, most) in pairwise(SERIES_BYTES):
        if events <= high:
            return least + max(0.0, log(events / low) / log(high / low)) * (most - least)
    return float(SERIES_BYTES[-1][1])
