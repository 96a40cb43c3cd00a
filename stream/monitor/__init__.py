"""The second half of the journey: Partials become rows of a Commit.

What needs an order happens here, at a close, in a defined one. Where to look, in the order of events:

- All of these in their order: monitor; how what is decided becomes rows: rows.
- What is remembered: state, checkpoint; which panes are open, and what closes them: agenda, scopes, losses.
- Plans: onboarding, learning, promoting, referring.
- Panes add up: panes, window, accumulator, sliding, courses; sampler, pending (how many ids wait for labels).
- Windows are judged: verdicts; a p-value for each series, and its level: layout, judging, levels, teaching, differing;
  detectors of panes: sequential, stepping; what else is judged: beside, attributed, coupled, selected, tested; how
  large changes are: distances, effects; since when, and why: tracing; references that move: earlier, disturbed.
- Services: serving, served, usual.
- What is found, as a policy hears it: findings, noticed, concern, sighted.
- What follows: deciding, triggers; labelling (by labels); what people and dispatchers say: controlled, acting, running.
- Labels meet predictions, a step at a time: meetings, label_steps, pairs, unsampled, called, news; charting, charts.
- Performance of windows: performance, tell, gathering, gathered, measuring, numbered, by_class, standards, matured;
  segments: groups, fairness; the labels themselves: selecting; versions: abreast; what a policy hears: settled.
- Before labels: before_labels; what is known: learned, examples, trust; what follows for a window: heard, estimates,
  errors, weighing, told; whether it was right, and what is surely worse: truths, decay.
"""

from stream.monitor.monitor import Monitor

__all__ = ["Monitor"]
