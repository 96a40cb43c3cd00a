"""How everything that is kept moves when models are handed over: each table, and each part of a monitor's memory.

Whoever adds a table or a part of the memory adds its line here: a test compares the names.
"""

from collections.abc import Mapping
from typing import Final, Literal

from sinks import commit as tables
from sinks.commit import Table

# Rows go to the monitor that watches their model, or that counts what is refused on their topic; inputs each by what
# they say; of what is made anew the new store has rows of its own.
Move = Literal["model", "topic", "input", "anew"]
# Parts by model or version are joined, for each has one owner or is the same for all; some have their own way; of some
# all former monitors have the same; some are found again in what has moved; of the rest nothing is left when a Commit
# is written.
Join = Literal["joined", "own", "same", "again", "over"]

_MOVES: Final[Mapping[Table, Move]] = {
    tables.POSITIONS: "anew",  # those of the former stores, which are all the same
    tables.JOURNAL: "input",
    tables.PLANS: "model",
    tables.FEATURES: "model",
    tables.REFERENCE_ROWS: "model",
    tables.PANES: "model",
    tables.DRAWN: "model",
    tables.SPREADS: "model",
    tables.TRAFFIC: "model",
    tables.FOLDED: "model",
    tables.LABELS: "model",
    tables.REJECTED: "topic",
    tables.UNWATCHED: "model",
    tables.PENDING: "model",
    tables.PREDICTIONS: "model",
    tables.PREDICTED: "model",
    tables.INPUTS: "model",
    tables.ANSWERS: "model",
    tables.UNMET: "model",
    tables.PAIRS: "model",
    tables.MET: "model",
    tables.STANDARDS: "model",
    tables.PERFORMANCE: "model",
    tables.ABREAST: "model",
    tables.BASES: "model",
    tables.EXAMPLES: "model",
    tables.ESTIMATES: "model",
    tables.WEIGHTED: "model",
    tables.RECONCILED: "model",
    tables.WINDOWS: "model",
    tables.EARLIER: "model",
    tables.COMPARED: "model",
    tables.DRIFT: "model",
    tables.EFFECTS: "model",
    tables.TESTED: "model",
    tables.ATTRIBUTIONS: "model",
    tables.SERVICE: "model",
    tables.FINDINGS: "model",
    tables.INCIDENTS: "model",
    tables.TRIGGERS: "model",
    tables.CONTROLS: "model",
    tables.OUTCOMES: "model",
    tables.DEAD_LETTERS: "topic",
    tables.RELAYED: "anew",  # all is sent: stores that have anything left are not handed over
    tables.SAMPLES: "model",
    tables.CHECKPOINTS: "anew",  # the memory, below
}
MOVES: Final[Mapping[str, Move]] = {table.name: move for table, move in _MOVES.items()}

MEMORY: Final[Mapping[str, Join]] = {
    "roster": "own",
    "learners": "joined",
    "policies": "joined",
    "schedules": "joined",
    "labelled": "joined",
    "heard": "joined",
    "steps": "joined",
    "closed": "same",
    "labels_closed": "same",
    "topics_closed": "same",
    "joined": "joined",
    "charts": "joined",
    "pending": "joined",
    "traffic": "joined",
    "bases": "joined",
    "lessons": "joined",
    "tracks": "joined",
    "weighed": "joined",
    "watched": "joined",
    "disturbed": "joined",
    "losses": "same",
    "controls": "own",
    "gathered": "joined",
    "told": "joined",
    "pane": "same",
    "scopes": "same",
    "label_scopes": "same",
    "checked": "again",  # in the teachings, when the state becomes bytes
    "later": "over",
    "noticed": "over",
    "problems": "again",
    "windows": "again",
    "teachings": "joined",
    "courses": "again",
}
