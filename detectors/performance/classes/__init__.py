"""Yes or no, or one of several classes.

- Two classes: binary, which counts, binary_metrics; decisions, discrimination, probabilities, reliability; baselines.
- Several: multiclass, multiclass_metrics; one_vs_rest, agreement.
- Scores themselves, where there are few: ranked.
"""
