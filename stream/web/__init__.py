"""What people see: the API, the page, /metrics.

Where to look:

- Every route: app; what routes share: server, sources, errors, problem, filters, answers, times; probes: operations,
  health; /metrics as the service wires it: metrics.
- The store's rows: api (windows, series, findings, triggers), labelled, estimated, tested, served, effects, attributed,
  folded, asked, exporting.
- What is said to the monitor: speaking (controls), hooking (a registry).
- Pages: pages, overview, detail; what they are made of: html, charts, bands, numbers; how the service and each model
  stand: banner, status, standing.
- A model's features: learning, fields, distribution, promise; what was found, asked for, and whether it helped: found,
  origin, incident, opened, followed, runs, helping.
- How good a model is: performance, revisions, matured, estimates, missed, groups; truths, calibration, confusion,
  summed.
- Versions side by side: versions, beside (the API), abreast (the page); what they say: sides, tallies, ratio, gate.
"""
