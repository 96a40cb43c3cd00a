"""The second half of the journey: Partials become rows of a Commit.

What needs an order happens here, at a close, in a defined one. Where to look, in the order of events:

- monitor: what goes through all of these; rows: how what is decided becomes rows.
- What is remembered: state, checkpoint; agenda, scopes: which panes are open, and what closes them; losses.
- Plans: onboarding, learning, promoting, referring.
- Panes add up: panes, window, accumulator, sliding, courses; sampler, pending: how many ids wait for labels.
- Windows are judged: verdicts; layout, judging, levels, teaching, differing: a p-value for each series, and its level;
  sequential, stepping: detectors of panes; beside, attributed, coupled, selected, tested: what else is judged;
  distances, effects: how large changes are; earlier, disturbed: references that move; tracing: since when, and why.
- Services: serving, served, usual.
- What is found: findings, noticed, concern, sighted: as a policy hears it.
- What follows: deciding, triggers, labelling: policies of closes and of labels; controlled, acting, running.
- Labels meet predictions, a step at a time: meetings, label_steps, pairs, unsampled, called, news; charting, charts.
- Performance of windows: performance, tell, gathering, gathered, measuring, numbered, by_class, standards, matured;
  groups, fairness, selecting, abreast, settled: segments, the labels themselves, versions, and what a policy hears.
- Before labels: before_labels, learned, examples, trust: what is known; heard, estimates, errors, weighing, told: what
  follows for a window; truths, decay: whether it was right, and what is surely worse.
"""

from stream.monitor.monitor import Monitor

__all__ = ["Monitor"]
