"""Steps: what labels and predictions are asked for once both watermarks have passed a pane, and what follows."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinks import commit as tables
from sinks.commit import Columns, Meeting, Standing, Steps, Texts, Unsampled, bits, to_ns
from stream.config.settings import Settings
from stream.encodings.ranked import judged
from stream.events import NEVER
from stream.joining.spoken import RANKING, REGRESSION, kind_of
from stream.ledger import Ledger, moment
from stream.monitor.acting.labelling import Labelling
from stream.monitor.estimates.before_labels import Asked, BeforeLabels
from stream.monitor.labels import pairs
from stream.monitor.labels.charts import Chart
from stream.monitor.labels.steps import LabelSteps
from stream.monitor.labels.unsampled import Reach, gone, out_of_reach, unmet
from stream.monitor.panes.pending import grace, remembered
from stream.monitor.performance.closing import Performance
from stream.monitor.performance.gathering import Kept
from stream.monitor.state import Later, State, Version
from stream.policy import Policy
from stream.policy.hearing import Hearing

SAME = ("model", "version", "key", "check", "at", "plan", "score", "value", "answer", "segments", "several")


class Meetings:
    """Asks what the store knows of steps, once what they are about is committed; the answer becomes rows."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger = settings, state, ledger
        self._performance = Performance(settings, state, ledger)
        self._before_labels = BeforeLabels(settings, state, ledger)
        self._labelling = Labelling(settings, state, ledger)
        self._decided = self._policies()  # as the last Commit has them
        self._charts: dict[Version, Chart] = {}  # as the last Commit has them
        self._stepping = LabelSteps(settings, state)
        self._kept = self._taken()  # as the last Commit has it
        self.behind = False  # a Commit could not hold all steps that were due: the next one has more

    def due(self) -> list[Steps]:
        """The questions of all steps that both watermarks have passed since the last ones."""
        return self._stepping.due()

    def recall(self, standing: Callable[[int], Standing], asked: Asked) -> None:
        """Ask once how the windows stand that labels may still change. Call it before the first of some answers."""
        self._charts, self._decided = dict(self._state.charts), self._policies()
        self._before_labels.begin()
        if not self._performance.recalled:
            since = self.since()
            known = standing(NEVER if since is None else since[0])
            self._before_labels.recall(known, self._stepping.taken, asked)
            self._performance.recall(known, self._stepping.taken)

    def forget(self) -> None:
        """Let everything since the last Commit be as if it had not been: the store failed amid its answers."""
        self._ledger.clear()
        self._state.charts = self._charts
        self._state.labelled, self._state.heard, self._state.later = self._decided
        self._state.noticed.clear()
        self._before_labels.forget()
        self._performance.forget()

    def take(self, met: Meeting, kept: Kept, asked: Asked) -> None:
        """Turn an answer into rows. Until `passed`, its steps count as not taken. `kept`: pairs of the store."""
        steps = met.steps
        predictions, answers = (_in_ns(rows) for rows in (met.predictions, met.answers))
        made, simple = pairs.changes(predictions, answers, steps)
        at = np.array([change.prediction for change in made.found], np.int64)
        columns = {
            "prediction": np.concatenate((simple["prediction"], at)),
            "label": np.concatenate((simple["label"], np.array([one.label for one in made.found], np.int64))),
            "step": np.concatenate((simple["step"], np.array([one.step for one in made.found], np.int64))),
            "change": np.concatenate((np.ones(len(simple["step"]), np.int64), [one.change for one in made.found])),
            "first": np.concatenate((np.ones(len(simple["step"]), np.bool_), [one.first for one in made.found])),
        }
        order = _order(predictions, answers, columns)
        rows = _rows(predictions, answers, {name: column[order] for name, column in columns.items()})
        rows["several"] = self._judged(rows)
        if len(columns["step"]):
            told = {name: Texts.of(rows[name].tolist()) for name in ("model", "version", "plan", "answer")}
            moments = {name: _moments(rows[name]) for name in ("end", "step")}
            self._ledger.block(tables.PAIRS, rows | told | moments)
        alone, orphans = pairs.unmet(predictions, answers, steps)
        hopeless = out_of_reach(answers, steps, self._state.roster, self._settings.pane)
        waiting = alone[~hopeless[alone]]
        if len(waiting):
            self._ledger.block(tables.UNMET, _labels(met.answers, waiting))
        self._count(met, made.fates + gone(answers, hopeless), _by_pane(met.answers, orphans))
        self._performance.step(met, rows, lambda *about: _in_ns(kept(*about)))
        pairs_of = self._before_labels.pairs_of(rows, lambda *about: _in_ns(kept(*about)))
        self._before_labels.step(steps, met.arrived, self._performance.matured(), pairs_of, asked)
        self._labelling.step(steps)

    def _policies(self) -> tuple[dict[Version, Policy], dict[Version, Hearing], tuple[Later, ...]]:
        return dict(self._state.labelled), dict(self._state.heard), self._state.later

    def passed(self, taken: list[Steps]) -> None:
        """Note that all of these steps have been taken."""
        for steps in taken:
            self._stepping.take(steps)
        self.behind = bool(self._stepping.due())

    def committed(self) -> None:
        """Note that a Commit has the steps that were taken: what only they needed may go, once it is kept."""
        self._kept = self._taken()

    def needed_since(self) -> tuple[int, int] | None:
        """The same as `since` by the last Commit: steps taken after it may have to be taken again."""
        return self._since(self._kept)

    def since(self) -> tuple[int, int] | None:
        """Event times, ns, from which on predictions and labels still matter; None where no model has labels."""
        return self._since(self._taken())

    def _taken(self) -> dict[str, tuple[int, int]]:
        """By model: for how long labels and predictions wait, and the newest step that was taken."""
        return {name: (within, self._stepping.taken(name)) for name, within in self._stepping.waits().items()}

    def _since(self, steps: Mapping[str, tuple[int, int]]) -> tuple[int, int] | None:
        longest = max(length for _, model in self._settings.patterns for length in model.windows)
        told = (joined - remembered(within, longest) for within, joined in steps.values())
        said = (joined - 2 * within - grace(within) for within, joined in steps.values())
        return (min(told), min(said)) if steps else None

    def summed_since(self, closed: int) -> int:
        """The end of panes, ns, from which on steps to come may sum them up, by the last Commit; else `closed`.

        Estimates of numbers and weighing do, and wait for the labels' clock.
        """
        found = [closed]
        for name, (_, joined) in self._kept.items():
            entry = self._state.roster.get(name)
            if entry is None or not entry.plans:
                continue
            numbers = kind_of(entry.settings.output, entry.plans[-1]) == REGRESSION
            if numbers or self._before_labels.weighs(name):
                found.append(joined - max(entry.settings.windows))
        return min(found)

    def unsampled(self) -> list[Unsampled]:
        """Labels that can meet no prediction any more, and may be forgotten, by the last Commit."""
        return [span for name, reach, joined in self._reaches(self._kept) for span in reach.spans(name, joined)]

    def rated_since(self) -> int:
        """The earliest time that a question about rates can be about, ns; NEVER where that is any."""
        told = self.since()
        asked = (reach.asked(joined) for _, reach, joined in self._reaches(self._taken()))
        return min((told[0] - self._settings.pane, *asked)) if told else NEVER

    def _reaches(self, steps: Mapping[str, tuple[int, int]]) -> list[tuple[str, Reach, int]]:
        """Of the models with rates: their names, what their labels can meet, and the newest step that was taken."""
        pane, roster = self._settings.pane, self._state.roster
        return [
            (name, Reach(entry.rates, within, pane), joined)
            for name, (within, joined) in steps.items()
            if (entry := roster.get(name)) is not None and entry.rates
        ]

    def _judged(self, rows: Mapping[str, NDArray[Any]]) -> NDArray[np.object_]:
        """The several values of predictions; of lists, how relevant their labels say that they are."""
        several = rows["several"].copy()
        for name in sorted(set(rows["model"].tolist())):
            entry = self._state.roster.get(name)
            if entry is not None and entry.settings.output.kind == RANKING:
                mine = np.flatnonzero(rows["model"] == name)
                found = zip(several[mine].tolist(), rows["label"][mine].tolist(), strict=True)
                several[mine] = [judged(*each) for each in found]
        return several

    def _count(
        self,
        met: Meeting,
        fates: Mapping[tuple[str, int, str], int],
        orphans: Mapping[tuple[str, int, int], int],
    ) -> None:
        """What became of whom, per model and step."""
        counted: Counter[tuple[str, int, str]] = Counter(fates)
        for (model, version, end), n in met.arrived.items():
            repeats = met.repeats.get((model, version, end), 0)
            counted[model, end, "predictions"] += n - repeats
            counted[model, end, "repeats"] += repeats
            self._ledger.row(tables.PREDICTED, model, version, moment(end), n - repeats, repeats)
        for waited in (met.unmet, orphans):
            counted.update(unmet(waited, met.steps, self._state.roster, self._settings.pane))
        for model, step in sorted({(model, step) for model, step, _ in counted}):
            fate = [counted[model, step, column.name] for column in tables.MET.columns[2:]]
            self._ledger.row(tables.MET, model, moment(step), *fate)


def _in_ns(rows: Columns) -> dict[str, NDArray[Any]]:
    times = [name for name in ("end", "step") if name in rows]
    return {**rows} | {name: to_ns(rows[name]) for name in times}


def _order(predictions: Mapping[str, Any], answers: Mapping[str, Any], at: Mapping[str, Any]) -> NDArray[np.intp]:
    """Changes by step, then by the label's time and position, then by the prediction's position."""
    told, said = at["prediction"], at["label"]
    places = ((answers, said), (predictions, told))
    keys = [pairs.sortable(rows[name][i]) for rows, i in places for name in pairs.PLACE]
    order: NDArray[np.intp] = np.lexsort((at["change"], *reversed(keys), answers["at"][said], at["step"]))
    return order


def _rows(predictions: Mapping[str, Any], answers: Mapping[str, Any], at: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of pairs, out of the places of their predictions and labels."""
    told, said = at["prediction"], at["label"]
    columns: dict[str, Any] = {name: predictions[name][told] for name in SAME}
    columns |= {"end": predictions["end"][told], "step": at["step"]}
    columns |= {"change": at["change"].astype(np.int64), "first": at["first"].astype(np.bool_)}
    return columns | {"delay": answers["at"][said] - predictions["at"][told], "label": answers["answer"][said]}


def _labels(answers: Columns, places: NDArray[np.int64]) -> dict[str, Any]:
    """Labels at some places, as the table of those that met nobody has them."""
    found: dict[str, Any] = {column.name: answers[column.name][places] for column in tables.UNMET.columns}
    return found | {name: Texts.of(found[name].tolist()) for name in ("model", "topic")}


def _by_pane(answers: Columns, places: NDArray[np.int64]) -> Counter[tuple[str, int, int]]:
    """Labels at some places, as a Meeting has those that have waited."""
    return Counter(bits({name: answers[name][places] for name in ("model", "end", "key")}))


def _moments(times: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return (times // 1_000).astype("datetime64[us]")
