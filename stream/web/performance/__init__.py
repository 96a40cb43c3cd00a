"""How good a model is, on its page: shown.

By labels: revisions, matured; before them: estimates, missed; segments: groups. By scores: calibration; by classes:
confusion, summed; whether estimates were right: truths.
"""
