"""How good a model is, from cells that add up and subtract.

- What is kept of pairs: cells, losses.
- What is said of them: metric, measured (a number and its error), delta, skewed; shares.
- By kind of answers: classes/; regression, regression_metrics, explained; ranking, ranking_metrics.
- Metrics of one's own: expression, expressed. Two versions: versions/. How they are served: service/.
"""
