"""What is told of a window's service: numbers, and findings in words."""

from typing import Final

from msgspec import Struct

from stream.config.settings import SECOND
from stream.config.units import spelled_duration
from stream.monitor.acting.findings import Finding

TRAFFIC: Final = "traffic"
FAILING: Final = "error_rate"
WELL, WORSE, UNKNOWN, UNJUDGED = "well", "worse", "unknown", ""
DETECTOR: Final = "service"


class Told(Struct, frozen=True, gc=False):
    """One number of a window. Latencies are in ms, traffic in events per second."""

    model: str
    version: str
    length: int
    end: int
    metric: str
    n: int
    value: float
    low: float
    high: float
    reference: float
    n_reference: int
    limit: float
    verdict: str

    @property
    def feature(self) -> str:
        """What stands for a feature in findings."""
        return f"{DETECTOR}:{self.metric}"

    def finding(self) -> Finding:
        """The same as a finding."""
        span = self.length, self.end - self.length, self.end
        about = (self.model, self.version, "", self.feature, *span)
        return Finding(*about, DETECTOR, self.value, self.limit, self.n, (), _words(self))


def _words(told: Told) -> str:
    """What was found, what was allowed, and what was so before."""
    if told.metric == TRAFFIC:
        events = f"{told.n:,} event{'s' * (told.n > 1)}" if told.n else "no event"
        usual = told.reference * told.length / SECOND
        return f"{TRAFFIC}: {events} in {spelled_duration(told.length)}, where {usual:,.0f} are usual"
    form, unit = ("{:.2%}", " of answers failed") if told.metric == FAILING else ("{:.3g} ms", "")
    now, most, before = (form.format(each) for each in (told.value, told.limit, told.reference))
    return f"{told.metric}: {now}{unit}, where {most} can be chance; {before} in the reference"
