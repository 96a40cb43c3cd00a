"""The second half of the journey: Partials become rows of a Commit.

What needs an order happens here, at a close, in a defined one: monitor calls all of these, rows makes rows of what they
decide. What is remembered is in state, and copied by checkpoint; which panes are open, and what closes them, is said by
agenda, scopes and losses. Then, in the order of events:

- plans/: which columns are counted, and how: admitted, learned, promoted.
- panes/: they add up to windows, and to what moves.
- verdicts/: windows are judged; detectors step.
- service/: latency, failures and traffic are.
- labels/: labels meet predictions, a step at a time.
- performance/: what labels say of windows, their segments and versions.
- estimates/: what is said before labels, and whether it was right.
- acting/: what is found is heard by policies; incidents, triggers, and what people say of them.
"""

from stream.monitor.monitor import Monitor

__all__ = ["Monitor"]
