"""The table of how models' services answered."""

from sinks.commit.table import declare

SERVICE = declare(
    "service",
    "How fast and how reliably a model's service answered in a closed window, and how much it was asked. A row per "
    "metric, of all events.",
    "model version length end metric",
    "history",
    """
model text: the model
version text: the model's version; empty for traffic, which is of all versions together
metric text: latency_p50, latency_p95, latency_p99, latency_mean, error_rate or traffic
length int: the window's length, ns
start time: where it begins
end time: where it ends, exclusive
n int: answers that it is about
value float: what was measured: latencies in ms, traffic in events per second
low float: where its 95 % interval begins
high float: where its 95 % interval ends
reference float: the same of the reference; of traffic, what is usual
n_reference int: answers of the reference; of traffic, windows that say what is usual
limit float: the value beyond which it is surely worse than is tolerated; of traffic, below which
verdict text: well, worse or unknown; empty for the mean, which has no limit
""",
    time="end",
)
