"""What follows from findings: incidents and triggers, as rows. Policies of closed windows run at each close."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from detectors.cause import BOTH, PIPELINE
from sinks import commit as tables
from stream.config.digest import digest
from stream.config.settings import DAY, Model, Settings
from stream.events import NEVER
from stream.ledger import Ledger, moment
from stream.monitor.acting import triggers
from stream.monitor.acting.concern import Shown
from stream.monitor.acting.findings import Finding, finding_id
from stream.monitor.state import State, Version
from stream.monitor.verdicts.judging import Case
from stream.plan import Plan
from stream.policy import Book, Event, Incident, Policy, Seen, book
from stream.policy.hearing import Hearing
from stream.policy.incidents import Fresh, Moment
from stream.policy.quiet import maintenance
from stream.policy.schedules import Asked, Due, due
from stream.policy.trial import observed, told

BROKEN_KEPT: Final = 30 * DAY  # how long spans of broken input are remembered


class Deciding:
    """Lets policies see what was judged, and writes down what they decide."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger = settings, state, ledger
        self._digest = digest(settings)
        self._books: dict[str, Book] = {}

    def book(self, model: str) -> Book:
        """The rules of a model."""
        if model not in self._books:
            entry = self._state.roster.get(model)
            assert entry is not None, f"{model}: judged, and nobody knows it"
            self._books[model] = book(entry.settings)
        return self._books[model]

    def asked(self, model: str) -> frozenset[str]:
        """The kinds that the rules of a model ask for: such findings belong to its incidents."""
        return self.book(model).kinds

    def newest(self, model: str, versions: Iterable[Version]) -> Version | None:
        """The version of a model that was promoted last, if it is one of these; else the one that came last."""
        entry = self._state.roster.get(model)
        mine = [version for version in versions if version[0] == model]
        served = [(model, one.version) for one in self._state.controls.promotions(model)[-1:]]
        if served and served[0] in mine:
            return served[0]
        return max(mine, key=lambda one: (entry.versions.get(one[1], 0) if entry else 0, one[1]), default=None)

    def closed(self, version: Version, end: int, seen: Sequence[Seen], shown: Shown) -> str:
        """Once per end: let the policy of a version see all that was judged. The id of the incident that is open."""
        rules = self.book(version[0])
        policy, fresh = observed(self._state.policies.get(version, Policy()), rules, seen)
        for one in shown.found:
            if one.cause in {PIPELINE, BOTH} and one.end == end:
                policy = policy.noted((one.start, one.end), end - BROKEN_KEPT)
        happened: Sequence[Event] = ()
        if fresh or policy.incident is not None:  # a rule asks for what lasts just now; nothing else opens anything
            at = Moment(
                end,
                {one.length for one in seen if one.plan},
                finding_id("incident", *version, end),
                lambda incident: triggers.trigger_id(*version, incident),
                self.suppressed(version[0], end),
            )
            policy, happened = policy.decide(rules, rules.told(labelled=False), fresh, at)
        self._state.policies[version] = policy
        if self._settings.events.labels:
            self._hear(version, end, policy, fresh)
        self.tell(version, happened, shown, policy)
        return policy.incident.id if policy.incident is not None else ""

    def _hear(self, version: Version, end: int, policy: Policy, fresh: Fresh) -> None:
        """Let the policy that waits for labels hear of it, once they are there."""
        known = self._state.heard.get(version, Hearing())
        after = known.told(end, *told(self.book(version[0]), policy, fresh))
        if after is not known:
            self._state.heard[version] = after

    def suppressed(self, model: str, at: int) -> str:
        """Why nothing may be asked for, or nothing."""
        entry = self._state.roster.get(model)
        spans = () if entry is None else entry.settings.policy.maintenance
        return maintenance(spans, at) or self._state.controls.quiet(model, at)

    def tell(self, version: Version, happened: Sequence[Event], shown: Shown, policy: Policy) -> None:
        """What happened to an incident as rows, and its trigger."""
        for event in happened:
            incident = event.incident
            self._ledger.row(
                tables.INCIDENTS,
                incident.id,
                *version,
                event.state,
                moment(event.at),
                incident.feature,
                incident.detector,
                incident.kind,
                incident.rule,
                incident.severity,
                incident.why,
                moment(_began(incident, shown.found)),
            )
            if event.triggered:
                compared_with = shown.compared.get(incident.length, "")
                self._ask(_request(version, event, policy, shown.coverage), shown, compared_with)

    def scheduled(self, model: str, end: int, cases: Sequence[Case], plans: Mapping[Version, Plan]) -> None:
        """Once per end and model: what its schedules ask for. Of its versions the newest is meant."""
        entry = self._state.roster.get(model)
        if entry is None or not entry.settings.policy.schedules or (version := self.newest(model, plans)) is None:
            return
        schedules, shortest = entry.settings.policy.schedules, min(entry.settings.windows)
        events = sum(
            int(case.summary.events()[0]) for case in cases if case.plan.model == model and case.length == shortest
        )
        known = self._state.schedules.get(model, Due(end - shortest))
        known = known.count(schedules, 0 if end % shortest else events)
        known, asked = due(known, schedules, end, self.suppressed(model, end))
        self._state.schedules[model] = known
        for one in asked:
            self._schedule(version, one, plans[version], entry.settings)

    def _schedule(self, version: Version, one: Asked, plan: Plan, model: Model) -> None:
        policy = self._state.policies.get(version, Policy())
        identity = finding_id(*version, triggers.SCHEDULE, one.name, one.at)
        since = policy.last.at if policy.last.id else one.at - max(model.windows)
        targets = one.targets or model.policy.targets.get(triggers.SCHEDULE, ())
        about = (identity, *version, triggers.SCHEDULE, one.name, "info", "", one.at, since)
        self._ask(triggers.Request(*about, policy.last.id, targets, policy.broken), Shown(plan, {}, ()))
        self._state.policies[version] = policy.scheduled(identity, one.at)

    def manual(self, model: str, name: str, at: int) -> str:
        """Ask for a retraining because somebody does, by a name that the control has; else why not.

        Of its versions the newest is meant. Neither a cooldown nor what is announced holds it up, and it begins none.
        """
        entry = self._state.roster.get(model)
        plan = None if entry is None or at == NEVER else entry.plan_at(at)
        known = [(model, name) for name in entry.versions] if entry is not None else []
        version = self.newest(model, self._state.policies) or self.newest(model, known)
        if entry is None or plan is None or version is None:
            return "it has no reference yet, so nobody knows what to train again"
        policy = self._state.policies.get(version, Policy())
        identity = finding_id(*version, triggers.MANUAL, name)
        since = policy.last.at if policy.last.id else at - max(entry.settings.windows)
        targets = entry.settings.policy.targets.get(triggers.MANUAL, ())
        incident = policy.incident.id if policy.incident is not None else ""
        about = (identity, *version, triggers.MANUAL, triggers.MANUAL, "info", incident, at, since)
        self._ask(triggers.Request(*about, policy.last.id, targets, policy.broken), Shown(plan, {}, ()))
        self._state.policies[version] = policy.scheduled(identity, at)
        return ""

    def _ask(self, asked: triggers.Request, shown: Shown, compared_with: str = "") -> None:
        body = triggers.message(asked, shown.plan, shown.found, self._digest, compared_with)
        about = (asked.id, asked.model, asked.version, asked.reason, moment(asked.at), asked.incident)
        self._ledger.row(tables.TRIGGERS, *about, body)


def _began(incident: Incident, found: Sequence[Finding]) -> int:
    """When what opened it probably began, ns; 0 where that is not known."""
    about = (incident.segment, incident.feature)
    times = [one.began.at for one in found if one.began is not None and (one.segment, one.feature) == about]
    return min(times, default=0)


def _request(version: Version, event: Event, policy: Policy, coverage: float | None) -> triggers.Request:
    one, (model, name) = event.incident, version
    reason, since = triggers.REASONS[one.kind], event.at - one.length
    about = (one.trigger, model, name, reason, one.rule, one.severity, one.id, event.at, since)
    return triggers.Request(*about, event.supersedes, event.targets, policy.broken, coverage)
