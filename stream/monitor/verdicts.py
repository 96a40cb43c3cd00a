"""Closing windows: all that end together are judged at once, seen by the policy of each version, and become rows."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from sinks import commit as tables
from stream.config.digest import digest
from stream.config.settings import Settings
from stream.ledger import Ledger, moment
from stream.monitor import beside, effects, judging, losses, rows, selected, tested, tracing, triggers
from stream.monitor.accumulator import Key
from stream.monitor.beside import Beside, Slot
from stream.monitor.distances import limited
from stream.monitor.earlier import Earlier
from stream.monitor.findings import SEQUENTIAL, Finding, Telling, finding_id, findings, telling
from stream.monitor.judging import Case, Verdicts
from stream.monitor.scopes import Scope
from stream.monitor.sequential import Alarm
from stream.monitor.serving import Serving
from stream.monitor.state import State, Version
from stream.monitor.window import LEARNING, TWO_PLANS
from stream.plan import SERVED, Plan
from stream.policy import Cause, Policy

Alarms = Mapping[Version, tuple[Case, list[Alarm]]]


class Windows:
    """Closes windows. The policy runs once per end and version."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger, earlier: Earlier) -> None:
        self._state, self._ledger, self._earlier = state, ledger, earlier
        self._digest = digest(settings)
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
        found: dict[Version, list[Finding]] = {version: [] for version in alarms}
        causes: dict[Version, list[Cause]] = {}
        plans: dict[Version, Plan] = {}
        for version, (case, ringing) in alarms.items():
            plans[version] = case.plan
            found[version] += [Finding.of_alarm(case, alarm) for alarm in ringing]
            shortest = min(case.settings.windows)
            asking = [alarm for alarm in ringing if alarm.detector == SEQUENTIAL and alarm.feature not in SERVED]
            causes[version] = [Cause(shortest, end, "", alarm.feature, SEQUENTIAL) for alarm in asking]
        for (case, verdict, tell), more in zip(judged, besides, strict=True):
            version = (case.plan.model, case.version)
            plans[version] = case.plan
            found.setdefault(version, []).extend(self._findings(case, verdict, tell))
            found[version].extend(more.findings())
            causes.setdefault(version, []).extend(self._observe(case, verdict, more.slots))
        for version in sorted(causes):
            served, told = ([one for one in found[version] if (one.feature in SERVED) == is_] for is_ in (True, False))
            compared = {case.length: case.compared_with for case in cases if (case.plan.model, case.version) == version}
            self._decide(version, end, causes[version], compared, plans[version], told)
            incident = self._state.policies[version].incident
            rows.finding_rows(self._ledger, told, incident.id if incident is not None else "")
            rows.finding_rows(self._ledger, served, "")
        if judged:
            complete = [not self._touched(scope, case.start, end) for case in cases]
            rows.window_rows(self._ledger, judged, complete)
            self._earlier.close(cases, complete)
            rows.distance_rows(self._ledger, judged)
            effects.effect_rows(self._ledger, judged)
            beside.rows(self._ledger, besides)
        # Of windows that overlap, those at whole multiples of their length say the rest: each event counts there once.
        apart = {key: window for key, window in closing.items() if not end % key[2]}
        cases = [case for case in cases if not end % case.length]
        selected.close(self._ledger, cases)
        tested.close(self._ledger, closing, cases)
        self._serving.close(scope, apart, cases, silent)

    def _case(self, scope: Scope, key: tuple[str, str, int]) -> Case | None:
        """The window as a case; one over two plans, or still of learning, is unknown and becomes a row at once."""
        window = self._state.windows.pop(key)
        following = window.following()
        if following is not None:
            self._state.windows[key] = following
        entry = self._state.roster.entries[self._state.roster.index[key[0]]]
        if window.plan is None or window.summary is None or entry.plan_at(window.start) is not window.plan:
            complete = not self._touched(scope, window.start, window.end)
            why = window.why or (TWO_PLANS if entry.plan_at(window.start) else LEARNING)
            span = (moment(window.start), moment(window.end))
            about = (entry.name, key[1], "", key[2], *span, "", "", window.events)
            self._ledger.row(tables.WINDOWS, *about, complete, "unknown", why, "")
            return None
        spread = self._state.spread_of(window.plan)
        return Case(key[1], key[2], window.start, window.end, window.plan, window.summary, entry.settings, spread)

    def _findings(self, case: Case, verdict: Verdicts, tell: Telling) -> list[Finding]:
        course = self._state.courses.get((case.plan.model, case.version, case.length))
        return tracing.traced(findings(case, verdict, tell), case, verdict, tell, course)

    def _observe(self, case: Case, verdict: Verdicts, slots: Sequence[Slot]) -> list[Cause]:
        """Let the policy see one window; the causes that persist, in order."""
        key, trigger = (case.plan.model, case.version), case.settings.trigger
        n_columns = len(case.plan.grid.columns)
        shape = (len(case.plan.rows), n_columns + len(slots))
        drifted, known = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        asking = np.array([column not in SERVED for column in case.plan.grid.columns], np.bool_)
        drifted[verdict.rows, :n_columns] = verdict.drifted & verdict.known & asking
        known[verdict.rows, :n_columns] = verdict.known
        drifted[0, n_columns:], known[0, n_columns:] = [one.drifted for one in slots], [one.known for one in slots]
        policy = self._state.policies.get(key, Policy({}))
        policy = policy.observe(case.plan.id, case.length, case.end, drifted, known, trigger)
        self._state.policies[key] = policy
        persistent = policy.persistent(case.length, case.end, trigger.windows) & drifted
        causes = [
            Cause(case.length, case.end, segment, feature, detector)
            for segment, feature, detector in rows.persistent_series(case, verdict, persistent[:, :n_columns])
        ]
        for one, persists in zip(slots, persistent[0, n_columns:].tolist(), strict=True):
            if persists:
                causes.append(Cause(case.length, case.end, "", one.feature, one.detector))
        return causes

    def _decide(  # noqa: PLR0913, PLR0917 - one decision, with all that it says
        self,
        version: Version,
        end: int,
        causes: list[Cause],
        compared: Mapping[int, str],  # by the lengths of its windows that end: what they were compared with
        plan: Plan,
        told: list[Finding],
    ) -> None:
        entry = self._state.roster.entries[self._state.roster.index[version[0]]]
        policy = self._state.policies.get(version, Policy({}))
        incident_id = finding_id("incident", *version, end)
        policy, happened = policy.decide(end, causes, tuple(compared), entry.settings.trigger, incident_id)
        self._state.policies[version] = policy
        for event in happened:
            about = (event.incident.id, *version, event.state, moment(end))
            self._ledger.row(tables.INCIDENTS, *about, event.incident.feature, event.incident.detector)
            if event.triggered:
                source = compared.get(event.incident.length, "")
                body = triggers.message(plan, version[1], event, told, self._digest, source)
                identity = triggers.trigger_id(plan, version[1], event)
                self._ledger.row(tables.TRIGGERS, identity, *version, "drift", moment(end), event.incident.id, body)

    def _touched(self, scope: Scope, start: int, end: int) -> bool:
        """Whether a loss touched a span of event time."""
        return losses.touched(self._state.losses, scope, start, end)
