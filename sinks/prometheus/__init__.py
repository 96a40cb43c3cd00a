"""What Prometheus is told: a snapshot swapped at each Commit, and the numbers of the moment.

- Names, and how they are written: families, exposition, exporter; budget and shares keep them few.
- Of Commits: snapshot, which asks windows, performance, groups, orders, served, running, phases.
- Of the moment: live, moment. Of a dispatcher: dispatching.
"""

from sinks.prometheus.exporter import Exporter
from sinks.prometheus.exposition import Exposition
from sinks.prometheus.families import FAMILIES
from sinks.prometheus.groups import GAPS
from sinks.prometheus.live import Gathered, Live, Partition, Vitals
from sinks.prometheus.moment import of_vitals
from sinks.prometheus.performance import MAIN
from sinks.prometheus.snapshot import Snapshot

__all__ = [
    "FAMILIES",
    "GAPS",
    "MAIN",
    "Exporter",
    "Exposition",
    "Gathered",
    "Live",
    "Partition",
    "Snapshot",
    "Vitals",
    "of_vitals",
]
