"""`/v1`: the store's rows for programs, and what programs say to the monitor.

- Rows: rows (windows, series, findings, triggers), labelled, estimated, tested, served, effects, attributed, folded,
  asked; whole tables: exporting.
- What is said: speaking (controls), hooking (a registry).
"""
