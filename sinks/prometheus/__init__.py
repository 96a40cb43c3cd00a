"""What Prometheus is told: a snapshot swapped at each Commit, read by a collector."""

from sinks.prometheus.exporter import Exporter
from sinks.prometheus.families import FAMILIES
from sinks.prometheus.live import Live, Partition
from sinks.prometheus.snapshot import Snapshot

__all__ = ["FAMILIES", "Exporter", "Live", "Partition", "Snapshot"]
