"""The journey: bytes become a Batch of columns, a Batch a Partial, Partials a Commit. docs/architecture.md draws it.

Where to look, in the order of events:

- What is asked for: config/, plan, segments/, reference/; schema (what others may rely on).
- Bytes become columns: events, encodings/, binding.
- Events are judged and counted: journey, ingest; clocks, windows, fates, unwatched, fewest; fold, sums; sample, drawn.
- Predictions and labels wait for each other, and meet: desk, waiting, keyed, seen, spoken, sampling, showing; meeting;
  answers/ (what pairs are measured by).
- What labels have taught: truth, labelled, calibrated, weighting.
- Partials become rows: partials, watch, roster, closed, ledger, monitor/, policy/, trigger.
- What else comes by topics: heeding; asked, controls, promotions, registered; outcomes, helped.
- More than one machine: wire, chain, places, gatherer, follower; board, boards, sharing; handover, moving.
- Before and after: recovery, positions, retention; lives, rerun, replay, backfill; trying/, comparison/.
- The shell: app/, worker/, dispatch/, broker/, files/, web/, cli/, demo/; embedded, stopping, garbage, resident.
"""
