"""A minute of theatre: four models, days of their event time, planted changes, and the ordinary service watching.

- The piece: world, cast, changes. The stage: stage, child (the service), publisher, retrainer and its head.
- For the audience: command, report, outcome. Without an end, for a broker of one's own: live.
"""
