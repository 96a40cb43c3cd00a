"""Policies that wait for labels: they run at steps of labels, and hear what closes decided up to each of these."""

from collections.abc import Sequence
from itertools import groupby

from sinks.commit import Steps
from stream.config.settings import Settings
from stream.ledger import Ledger
from stream.monitor import rows
from stream.monitor.acting import triggers
from stream.monitor.acting.asked import settled
from stream.monitor.acting.concern import Shown
from stream.monitor.acting.deciding import Deciding
from stream.monitor.acting.findings import finding_id
from stream.monitor.acting.noticed import Noticed
from stream.monitor.acting.sighted import kinds_of
from stream.monitor.plans import promoting
from stream.monitor.state import State, Version
from stream.policy import Incident, Policy
from stream.policy.hearing import Hearing, heard
from stream.policy.incidents import Moment
from stream.policy.sightings import Sighting
from stream.policy.trial import ends, observed, with_heard

WITH_LABELS = "labels"  # part of the ids of what they decide: closes may decide at the same time


class Labelling:
    """Lets the policies of some models see what steps of labels have found."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger = settings, state, ledger
        self._deciding = Deciding(settings, state, ledger)

    def step(self, steps: Steps) -> None:
        """Take all that was noticed in steps of some models; every time in its order."""
        noticed = sorted(self._state.noticed, key=lambda one: (one.version, one.order))
        self._state.noticed.clear()
        by_version = {version: [*some] for version, some in groupby(noticed, key=lambda one: one.version)}
        spoken = {version for version in self._state.heard if version[0] in steps.models}
        promoted = {
            version
            for version, policy in self._state.labelled.items()
            if policy.incident is not None
            and version[0] in steps.models
            and self._state.controls.promotions(version[0])
        }
        for version in sorted({*by_version, *spoken, *promoted}):
            self._follow(version, by_version.get(version, []), steps.upto)
            self._settled(version, steps.upto)
            self._promoted(version, steps.upto)
        for model in steps.models if self._state.later else ():
            settled(self._state, self._ledger, model, steps.upto)

    def _follow(self, version: Version, noticed: Sequence[Noticed], upto: int) -> None:
        hearing = self._state.heard.get(version, Hearing())
        by_time = {at: [*some] for at, some in groupby(noticed, key=lambda one: one.at)}
        for at in sorted({*by_time, *hearing.times(upto)}):
            self._settled(version, at)
            hearing, fresh = hearing.upto(at)
            self._promoted(version, at)
            self._decide(version, at, by_time.get(at, []), hearing, fresh)
        if hearing == Hearing():
            self._state.heard.pop(version, None)
        else:
            self._state.heard[version] = hearing

    def _settled(self, version: Version, at: int) -> None:
        """Let take effect what people asked for when steps of labels had not come so far: it is before a promotion."""
        if self._state.later:
            settled(self._state, self._ledger, version[0], at - 1, version)

    def _promoted(self, version: Version, at: int) -> None:
        """End what a promotion before that time has ended, when steps of labels have come so far."""
        policy = self._state.labelled.get(version, Policy())
        ended = promoting.ended_by_labels(self._state, version, policy, at)
        if ended is not None:
            self._state.labelled[version] = promoting.begun_anew(version, policy, ended, self._ledger)

    def _decide(
        self,
        version: Version,
        at: int,
        noticed: Sequence[Noticed],
        hearing: Hearing,
        told: dict[str, tuple[Sighting, ...]],
    ) -> None:
        book, entry = self._deciding.book(version[0]), self._state.roster.get(version[0])
        plan = None if entry is None else entry.plan_at(at - self._settings.pane)
        found = [one for each in noticed for one in each.findings]
        asked = self._deciding.asked(version[0])
        belong = [one for one in found if not asked.isdisjoint(kinds_of(one))]
        seen = [one.seen for one in noticed if one.seen is not None]
        policy, fresh = observed(self._state.labelled.get(version, Policy()), book, seen)
        fresh, holds = with_heard(book, policy, fresh, hearing, heard(book, told))
        moment = Moment(
            at,
            ends(seen),
            finding_id("incident", *version, at, WITH_LABELS),
            lambda incident: _trigger_id(version, incident),
            self._deciding.suppressed(version[0], at),
            hearing.now.last,
        )
        asking = () if promoting.is_retired(self._state, version, at) else book.told(labelled=True)
        policy, happened = policy.decide(book, asking, fresh, moment, holds)
        if policy != Policy():
            self._state.labelled[version] = policy
        coverage = next((one.coverage for one in reversed(noticed) if one.coverage is not None), None)
        if plan is not None:
            self._deciding.tell(version, happened, Shown(plan, {}, belong, coverage), policy)
        incident = policy.incident.id if policy.incident is not None else hearing.now.incident
        rows.finding_rows(self._ledger, belong, incident)
        rows.finding_rows(self._ledger, [one for one in found if one not in belong], "")


def _trigger_id(version: Version, incident: Incident) -> str:
    return finding_id(*version, triggers.REASONS[incident.kind], incident.length, incident.opened, WITH_LABELS)
