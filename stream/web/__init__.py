"""What people see: the API, the page, /metrics.

Where to look:

- Every route: app; what routes share: server, sources, errors, problem, filters, answers, times; probes: operations,
  health; /metrics as the service wires it: metrics.
- For programs: api/.
- For people: page/, and on it how good a model is: performance/.
- Versions side by side, for both: versions/.
"""
