"""docs/honesty.md from what `tests.honesty.incidents` measured."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from detectors.budgets import MOST
from tests.honesty.drift_rows import FREQUENT, MODELS, ROWS, WINDOWS, Row

LEAST, GREATEST = 0.5, 1.5
TOLD = 0.005  # a share of windows that is unknown, from which on it is told
HEAD = "| world | window | reference | features | 1 in 100, 1 of 1 | 2 of 3 | 1 in 1,000, 1 of 1 | 2 of 3 | unknown |"
# Why a row is outside, by the name of its world; what is not known has no sentence.
WHY: Mapping[str, str] = {
    "pairs: 90 % zeros, correlated 0.5": (
        "Of two features that are mostly 0, some twelve of 1,200 events would be in the rarest corner if the two had"
        " nothing to do with each other; with fewer than ten the pair is unknown, as in 12 % of windows, and these open"
        " nothing: there are fewer false incidents than promised."
    ),
}


class Measured(NamedTuple):
    """Incidents over promised and its standard error, (promises, triggers) each, levels, and seconds of a processor.

    `unknown`: the share of verdicts that were.
    """

    ratio: list[list[float]]
    error: list[list[float]]
    level: list[list[float]]
    unknown: float
    seconds: float


def outside(row: Row, found: Measured) -> np.ndarray:
    """Where a ratio is surely outside, by two standard errors, (promises, triggers); a capped level may be too few."""
    ratio, error, level = (np.array(each) for each in (found.ratio, found.error, found.level))
    low = (not row.at_most) & (ratio + 2 * error < LEAST) & (level < MOST)
    return np.asarray(low | (ratio - 2 * error > GREATEST))


def line(row: Row, found: Measured) -> str:
    """One row of the table."""
    told = outside(row, found)
    marks = np.where(told, " **!**", np.where(np.array(found.level) < MOST, "", " c"))
    ratios = [f"{found.ratio[i][j]:.2f} ± {2 * found.error[i][j]:.2f}{marks[i, j]}" for i, j in np.ndindex(told.shape)]
    reference = f"{row.days} times {row.n:,}" if row.slots else f"{row.reference:,}"
    unknown = f"{found.unknown:.0%}" if found.unknown >= TOLD else ""
    return f"| {row.name} | {row.n:,} | {reference} | {row.features} | {' | '.join(ratios)} | {unknown} |"


def document(found: Sequence[tuple[Row, Measured]]) -> str:
    """docs/honesty.md of these rows."""
    never = [row for row, one in found if outside(row, one).any()]
    named = "; ".join(f"{row.name}, windows of {row.n:,}" for row in never) or "none"
    why = [f"- {WHY[name]}" for name in dict.fromkeys(row.name for row in never) if name in WHY]
    return TEXT.format(
        rows="all" if len(found) == len(ROWS) else f"{len(found)} of its",
        all=len(ROWS),
        minutes=f"{sum(one.seconds for _, one in found) / 60:.0f}",
        windows=f"{MODELS * WINDOWS:,}",
        models=MODELS,
        each=WINDOWS,
        frequent=FREQUENT,
        outside="\n".join(textwrap.wrap(f"Surely outside, marked **!**: {named}.", 120)),
        why="".join("\n" + "\n  ".join(textwrap.wrap(each, 118)) for each in why),
        table="\n".join((HEAD, "|---" * 9 + "|", *(line(*each) for each in found))),
        least=LEAST,
        greatest=GREATEST,
        most=MOST,
    )


TEXT = """# What the verdict promises, and what it keeps

How often an incident opens where nothing changed, over how often it may. Written by `python -m tests.honesty.incidents`
({rows} {all} rows, {minutes} minutes of a processor); do not edit.

Each row is {models} models of {each} windows, {windows} in all. Every model has a reference of its own, drawn in 60
panes, which teach how much its windows vary (`detectors.verdict.Spread`). Its windows are judged at the level of
`detectors.budgets.alpha_for`, which knows the number of features, in how many ways each may alarm, and that all
windows share one reference, and counted as the policy of the stream does: an incident opens when a feature drifted in
*1 of 1* windows, or in *2 of 3*, and no other one does before no feature drifted for that long. The promise is one
false incident in 100 windows of a model (of {frequent} of the models), or in 1,000. 1.00 is what was promised, ± two
standard errors over models. Between {least} and {greatest} is what we stand for at tolerance 0, and at most {greatest}
of a change that is just what is tolerated, and where days differ.

{outside}{why}

- *c*: one or few features and 2 of 3 would need a level above {most}, which is the greatest; so there are fewer.
- *unknown*: the share of verdicts that were, where it is half a percent or more; they open nothing.
- "Same slot": each window is compared with those of the same hour of the day, or of the week, before it; what is
  learned is how much these days differ, once a day ([references.md](references.md#what-they-promise)).
- "Cells cut by the reference": its own quantiles are the edges, as driftline cuts them; else edges are the world's.
- Tolerance: windows are drawn from the worst change inside it, so few alarms are right.
- "Pairs": what `drift: {{pairs: ...}}` judges, at the level of one feature; all pairs of the features are one verdict.

{table}

## Where nothing is promised

- Of fewer than 60 panes nothing is learned: events are taken to be independent draws.
- A series is *slow* where blocks of three panes surely vary more than panes do: a rhythm, or a level that wanders.
  Windows then vary more than panes teach, the longer the more, unless the reference is of the same slot. A rhythm of
  30 panes was told to be slow in 98 % of series where it was 3 standard errors of a pane strong (windows of one pane
  alarmed 12 times as often as promised at a level of 0.01, of three 44 times), in 80 % at 2 (5 and 20 times), and
  never at 1 (1.2 and 3.1 times): of that, sixty panes say too little. Thirty models of 3 features each.
- How the level follows from a reference that is small beside the window is right in the mean over references: of any
  one such reference, false incidents can be many.
"""
