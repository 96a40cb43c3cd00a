"""Closing windows: all that end together are judged at once, seen by the policy of each version, and become rows."""

from collections.abc import Collection, Mapping, Sequence

from sinks import commit as tables
from stream.config.settings import Settings
from stream.ledger import Ledger, moment
from stream.monitor import losses, rows
from stream.monitor.acting.concern import Concern
from stream.monitor.acting.deciding import Deciding
from stream.monitor.acting.findings import Finding, Telling, findings, telling
from stream.monitor.acting.noticed import Noticed
from stream.monitor.panes.accumulator import Key
from stream.monitor.panes.window import LEARNING, PAUSED, TWO_PLANS
from stream.monitor.plans import promoting
from stream.monitor.scopes import Scope
from stream.monitor.service.serving import Serving
from stream.monitor.state import State, Version
from stream.monitor.verdicts import beside, effects, judging, selected, tested, tracing
from stream.monitor.verdicts.beside import Beside
from stream.monitor.verdicts.distances import limited
from stream.monitor.verdicts.earlier import Earlier
from stream.monitor.verdicts.judging import Case, Verdicts
from stream.monitor.verdicts.sequential import Alarm

Alarms = Mapping[Version, tuple[Case, list[Alarm]]]


class Windows:
    """Closes windows. The policy runs once per end and version."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger, earlier: Earlier) -> None:
        self._state, self._ledger, self._earlier = state, ledger, earlier
        self._deciding = Deciding(settings, state, ledger)
        self._serving = Serving(state, ledger)

    def end(self, topics: Collection[str]) -> None:
        """Nothing more comes on these topics."""
        self._serving.ended = topics

    def close(
        self, scope: Scope, ending: Sequence[Key], silent: Sequence[tuple[str, int]], end: int, alarms: Alarms
    ) -> None:
        """Close the windows with these keys (model, version, length), all with the same end, in order.

        `silent` are (model, length) of those that end there too, and of which nothing came.
        """
        closing = {key: self._state.windows[key] for key in ending}
        cases = [case for key in sorted(ending, key=lambda k: (k[0], k[2], k[1])) if (case := self._case(scope, key))]
        cases = self._earlier.compared(cases)
        verdicts = [limited(case, found) for case, found in zip(cases, judging.judge(cases), strict=True)]
        judged = [(case, verdict, telling(case, verdict)) for case, verdict in zip(cases, verdicts, strict=True)]
        besides = [Beside.of(case) for case in cases]
        # Of windows that overlap, those at whole multiples of their length say the rest: each event counts there once.
        apart = {key: window for key, window in closing.items() if not end % key[2]}
        whole = [case for case in cases if not end % case.length]
        others = self._serving.close(scope, apart, whole, silent)
        others += [*selected.close(self._ledger, whole), *tested.close(self._ledger, closing, whole)]
        self._decide(judged, besides, alarms, others, end)
        if judged:
            complete = [not self._touched(scope, case.start, end) for case in cases]
            rows.window_rows(self._ledger, judged, complete)
            self._earlier.close(cases, complete)
            rows.distance_rows(self._ledger, judged)
            effects.effect_rows(self._ledger, judged)
            beside.rows(self._ledger, besides)

    def _decide(
        self,
        judged: Sequence[rows.Judged],
        besides: Sequence[Beside],
        alarms: Alarms,
        others: Sequence[Noticed],
        end: int,
    ) -> None:
        """Let the policy of each version see what was judged; findings become rows."""
        concerns: dict[Version, Concern] = {}
        for version, (case, ringing) in alarms.items():
            concerns.setdefault(version, Concern(case.plan)).ring(case, ringing)
        for (case, verdict, tell), more in zip(judged, besides, strict=True):
            concern = concerns.setdefault(_version(case), Concern(case.plan))
            concern.judge(case, verdict, [*self._findings(case, verdict, tell), *more.findings()], more.slots)
        versions: dict[str, list[Version]] = {}
        for version in concerns:
            versions.setdefault(version[0], []).append(version)
        for noticed in others:
            for version in self._concerned(noticed.version, versions, concerns):
                concerns[version].notice(noticed)
        for model in sorted(versions):
            promoting.close_retired(self._state, self._ledger, model, end)
        for version in sorted(concerns):
            one, asked = concerns[version], self._deciding.asked(version[0])
            controls = self._state.controls
            paused = controls.paused(version[0], end) or controls.learning(*version, end)
            paused = paused or promoting.is_retired(self._state, version, end)
            incident = "" if paused else self._deciding.closed(version, end, one.seen, one.shown(asked))
            for belongs, some in one.told(asked):
                rows.finding_rows(self._ledger, some, incident if belongs else "")
        rows.finding_rows(self._ledger, (one for each in others if not each.version[1] for one in each.findings), "")
        cases = [case for case, _, _ in judged]
        for model, mine in sorted(versions.items()):
            self._deciding.scheduled(model, end, cases, {version: concerns[version].plan for version in mine})

    def _case(self, scope: Scope, key: tuple[str, str, int]) -> Case | None:
        """The window as a case; over two plans, of learning, or paused, it is unknown and becomes a row at once."""
        window = self._state.windows.pop(key)
        following = window.following()
        if following is not None:
            self._state.windows[key] = following
        entry = self._state.roster.entries[self._state.roster.index[key[0]]]
        paused = self._state.controls.paused(entry.name, window.end)
        learning = self._state.controls.learning(entry.name, key[1], window.end)
        two = entry.plan_at(window.start) is not window.plan
        if window.plan is None or window.summary is None or two or paused or learning:
            complete = not self._touched(scope, window.start, window.end)
            why = PAUSED if paused else LEARNING if learning else window.why
            why = why or (TWO_PLANS if entry.plan_at(window.start) else LEARNING)
            span = (moment(window.start), moment(window.end))
            about = (entry.name, key[1], "", key[2], *span, "", "", window.events)
            self._ledger.row(tables.WINDOWS, *about, complete, "unknown", why, "")
            return None
        spread = self._state.spread_of(window.plan)
        return Case(key[1], key[2], window.start, window.end, window.plan, window.summary, entry.settings, spread)

    def _findings(self, case: Case, verdict: Verdicts, tell: Telling) -> list[Finding]:
        course = self._state.courses.get((case.plan.model, case.version, case.length))
        return tracing.traced(findings(case, verdict, tell), case, verdict, tell, course)

    def _concerned(
        self, version: Version, versions: dict[str, list[Version]], concerns: dict[Version, Concern]
    ) -> list[Version]:
        """The versions that something is about: one, or all of a model that are judged now, else its newest."""
        model, name = version
        if name:
            return [version]
        mine = versions.get(model, [])
        newest = None if mine else self._deciding.newest(model, self._state.policies)
        entry = self._state.roster.get(model)
        if newest is None or entry is None or not entry.plans:
            return mine
        concerns[newest], versions[model] = Concern(entry.plans[-1]), [newest]
        return [newest]

    def _touched(self, scope: Scope, start: int, end: int) -> bool:
        """Whether a loss touched a span of event time."""
        return losses.touched(self._state.losses, scope, start, end)


def _version(case: Case) -> Version:
    return case.plan.model, case.version
