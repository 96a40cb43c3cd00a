"""Views for people: the same rows, shaped for questions. Each has an example that a test runs."""

from msgspec import Struct


class View(Struct, frozen=True):
    """One view: what it answers, its definition, and a question asked of it in SQL."""

    name: str
    doc: str
    sql: str
    example: str


DRIFT = View(
    "drift",
    "One row per model, version, segment, feature and window: how sure a change is, how large, and the verdict. "
    "`length` is an INTERVAL (`length = '1h'` works); `excess` is the evidence as a multiple of its limit.",
    """
SELECT
  model, version, segment, feature, to_microseconds("length" // 1000) AS "length", start, "end", verdict,
  evidence / nullif(evidence_limit, 0) AS excess,
  p, evidence, evidence_limit, n, n_reference, psi, jensen_shannon, kolmogorov_smirnov,
  missing, odd, wrong_type, mean, deviation, clamped
FROM distances
""",
    """
SELECT "end", feature, round(excess, 1) AS excess
FROM drift
WHERE model = 'fraud' AND segment = '' AND length = '1h' AND verdict = 'drift'
ORDER BY "end" DESC, excess DESC
LIMIT 20
""",
)
LATEST = View(
    "latest",
    "The rows of `drift` that are the newest of their model, version, segment, feature and window length.",
    """
SELECT drift.*
FROM drift
JOIN (
  SELECT model, version, segment, feature, "length", max("end") AS "end"
  FROM drift
  GROUP BY ALL
) USING (model, version, segment, feature, "length", "end")
""",
    """
SELECT model, count(*) FILTER (WHERE verdict = 'drift') AS drifting, count(*) AS features
FROM latest
WHERE segment = '' AND length = '1d'
GROUP BY model
ORDER BY drifting DESC, model
""",
)
VIEWS = (DRIFT, LATEST)
