"""What a configuration will take: memory and rows, from its own numbers and, where it names none, from stated guesses.

Memory = process + buffers + store
       + models x versions x segment rows x (open panes + windows + reference) x columns x (cells + moments) x 8 bytes
       + models x versions x (open panes + windows + reference) x numbers of how the service answered x 8 bytes
       + models x versions x segment rows x pieces of windows that slide x columns x (cells + moments) x 2 bytes
       + models x versions x steps of followed windows x columns x cells x 2 bytes
       + models x versions x numeric columns x 64 KiB look-up table
       + learned models x sampled events x bytes of an event
       + models x versions x (open panes + windows + reference) x drawn events x (numeric columns + 1) x 8 bytes.
"""

from msgspec import Struct

from detectors.service import BUCKETS
from stream.config.checking.drawing import rows_drawn, tests_made
from stream.config.panes import open_panes
from stream.config.reading.models import exact
from stream.config.sections.segments import Segment
from stream.config.settings import DAY, Model, Settings
from stream.config.units import size
from stream.counting.windows import STEPS_MAX, stride

NUMERIC_CELLS = 38  # 32 on the reference's quantiles, two open ends, four for what is no number
CATEGORICAL_CELLS = 4  # beside the vocabulary: unseen, missing, wrong type, absent
MOMENTS = 5  # fixed-point sums of a numeric column
PIECE = 2  # bytes of a cell or moment of a piece, packed: measured 1.2 to 1.6, of 5,000 events in 24 columns
LOOK_UP = 65_536  # bytes that turn the upper 16 bits of a number into its cell
SERVED = 8 * (BUCKETS + 3)  # bytes of what a service answered
OUTPUTS = 4  # columns of what the model said and how it served: score, prediction, latency, status
PROCESS = 150 * 1024**2  # Python, NumPy, SciPy, DuckDB, the web server; measured bare imports are 63 to 95 MB
BUFFER = 3 * 1024**2  # per partition: 1 MiB on the wire, twice that decoded
ROW = 67  # bytes of a wide row in DuckDB, measured on 10 million of them


COUNT = 2  # bytes of a count of a followed window; of few events fewer, of very many more
WAITING = 80  # of a prediction that waits, its label and their pair, measured with eight features and one label each


class Assumed(Struct, frozen=True):
    """Guesses for what a configuration does not say."""

    models: int = 10  # per pattern
    versions: int = 1  # alive at a time
    features: int = 20  # numeric, where none are declared
    segment_values: int = 10  # per segment field
    event_bytes: int = 600
    partitions: int = 4  # per topic


ASSUMED = Assumed()


class Memory(Struct, frozen=True):
    """Bytes, by what they are for."""

    process: int
    buffers: int
    store: int
    summaries: int
    tables: int
    samples: int
    total: int
    limit: int  # the same if everything were as large as `limits` lets it be; no recommendation


class Rows(Struct, frozen=True):
    """Rows written per day of event time, and what they take on disk when the store is as full as `keep` lets it be."""

    panes: int
    windows: int
    distances: int
    effects: int
    tested: int
    kept_bytes: int

    @property
    def compared(self) -> str:
        """What windows are compared by, in words: distances, and what is asked for beside them."""
        beside = ((self.effects, "effects"), (self.tested, "tests"))
        return ", ".join((f"{self.distances:,} distances", *(f"{n:,} {what}" for n, what in beside if n)))


def memory(settings: Settings, assumed: Assumed = ASSUMED) -> Memory:
    """The expected memory, and what the limits allow."""
    topics = {*settings.events.predictions, *settings.events.labels}
    process, buffers = PROCESS, len(topics) * assumed.partitions * BUFFER
    store = size(settings.store.memory_limit)
    parts = [_parts(settings, name, model, assumed) for name, model in settings.patterns]
    summaries, tables, samples = (sum(part[i] for part in parts) for i in range(3))
    base = process + buffers + store
    total = base + summaries + tables + samples
    return Memory(process, buffers, store, summaries, tables, samples, total, base + _at_limits(settings))


def rows(settings: Settings, assumed: Assumed = ASSUMED) -> Rows:
    """The expected rows of the tables that grow with time."""
    panes = windows = distances = effects = tested = 0
    for name, model in settings.patterns:
        series = models(settings, name, assumed) * assumed.versions * segment_rows(settings, model, assumed)
        closed = sum(-(-series * DAY // every) for _, every in model.spans)
        panes += -(-series * DAY // settings.pane)
        windows += closed
        here = closed * sum(columns(settings, model, assumed))
        distances += here
        effects += here * len(model.drift.measures)
        tested += (
            closed // segment_rows(settings, model, assumed) * tests_made(model, *columns(settings, model, assumed))
        )
    days = settings.store.keep // DAY
    kept = (windows + distances + effects + tested) * days * ROW
    return Rows(panes, windows, distances, effects, tested, kept)


def pending(settings: Settings, assumed: Assumed = ASSUMED) -> int:
    """Bytes on disk of what waits for labels, if every model has as much as it may."""
    n = sum(models(settings, name, assumed) for name, _ in settings.patterns) if settings.events.labels else 0
    return n * settings.limits.pending * WAITING


def models(settings: Settings, pattern: str, assumed: Assumed) -> int:
    """How many models a pattern stands for: one, if it is a name."""
    return 1 if exact(pattern) else min(assumed.models, settings.limits.models)


def segment_rows(settings: Settings, model: Model, assumed: Assumed) -> int:
    """One row for all events, and one per value of each segment field."""
    return 1 + sum(_values(segment, settings, assumed) for segment in model.segments)


def _values(segment: str | Segment, settings: Settings, assumed: Assumed) -> int:
    """How many values one has: a condition two, crossed fields all that can occur together, as far as they may."""
    if isinstance(segment, str):
        return min(assumed.segment_values, settings.limits.segments)
    return 2 if segment.where else min(assumed.segment_values ** len(segment.crossed), settings.limits.segments)


def columns(settings: Settings, model: Model, assumed: Assumed) -> tuple[int, int]:
    """How many numeric and categorical columns a model has, its outputs among the numeric ones."""
    kinds = list(model.features.values()) or ["numeric"] * min(assumed.features, settings.limits.features)
    return kinds.count("numeric") + OUTPUTS, kinds.count("categorical")


def _parts(settings: Settings, pattern: str, model: Model, assumed: Assumed) -> tuple[int, int, int]:
    """Bytes of summaries, look-up tables and samples of all models of a pattern."""
    numeric, categorical = columns(settings, model, assumed)
    n = models(settings, pattern, assumed)
    cells = _cells(settings, numeric, categorical)
    summaries = open_panes(settings) + _windows(model) + 1
    served = n * assumed.versions * summaries * SERVED
    series = n * assumed.versions * segment_rows(settings, model, assumed)
    sampled = 0 if model.reference.file else n * settings.limits.sample * assumed.event_bytes
    sampled += n * assumed.versions * summaries * rows_drawn(model) * (numeric + 1) * 8
    pieces = series * _pieces(model) * cells * PIECE
    steps = sum(2 * -(-length // stride(length, settings.pane)) for length in model.windows)
    followed = n * assumed.versions * steps * (cells - numeric * MOMENTS) * COUNT
    counted = series * summaries * cells * 8 + served + pieces + followed
    return counted, n * assumed.versions * numeric * LOOK_UP, sampled


def _windows(model: Model) -> int:
    """How many windows are open; one that slides has its newest piece beside it."""
    return sum(1 + (every < length) for length, every in model.spans)


def _pieces(model: Model) -> int:
    """How many are kept of all the windows that slide."""
    return sum(length // every for length, every in model.spans if every < length)


def _cells(settings: Settings, numeric: int, categorical: int) -> int:
    return numeric * (NUMERIC_CELLS + MOMENTS) + categorical * (settings.limits.vocabulary + CATEGORICAL_CELLS)


def _at_limits(settings: Settings) -> int:
    """Every model, version, segment value and feature that the limits admit, each as large as it may be."""
    limits = settings.limits
    widest = max(settings.patterns, key=lambda pattern: len(pattern[1].segments))[1]
    longest = max(_windows(model) for _, model in settings.patterns)
    series = limits.models * limits.versions * (1 + len(widest.segments) * limits.segments)
    cells = max(_cells(settings, limits.features + OUTPUTS, 0), _cells(settings, OUTPUTS, limits.features))
    tables = limits.models * limits.versions * (limits.features + OUTPUTS) * LOOK_UP
    samples = limits.models * limits.sample * limits.event_bytes
    summaries, served = open_panes(settings) + longest + 1, limits.models * limits.versions * SERVED
    pieces = series * cells * PIECE * max(_pieces(model) for _, model in settings.patterns)
    widest_windows = max(len(model.windows) for _, model in settings.patterns)
    followed = limits.models * limits.versions * widest_windows * 2 * STEPS_MAX * cells * COUNT
    return (series * cells * 8 + served) * summaries + pieces + followed + tables + samples
