"""The journey: bytes become a Batch of columns, a Batch a Partial, Partials a Commit. docs/architecture.md draws it.

Where to look, in the order of events:

- What is asked for: config/, plan, segments/, reference/; schema (what others may rely on).
- Bytes become columns: events, encodings/, binding.
- Events are judged and counted: journey, counting/.
- Predictions and labels wait for each other, and meet: joining/, answers/ (what pairs are measured by).
- What labels have taught: taught/.
- Partials become rows: partials, watch, roster, closed, ledger, monitor/, policy/, trigger.
- What else comes by topics: controls/; outcomes, helped.
- More than one machine: tiers/.
- Before and after: recovery, positions, retention; lives, rerun, replay, backfill; trying/, comparison/.
- The shell: app/, worker/, dispatch/, broker/, files/, web/, cli/, demo/; embedded, stopping, garbage, resident.
"""
