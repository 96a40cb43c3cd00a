"""A promoted version's reference: the one that its control brings, else the sum of its own first panes.

The cells are those of the plan that it is counted by, since nobody reads its values again; so what it learns holds from
T on like any other plan, and needs nothing of readers.
"""

from dataclasses import replace as with_

from msgspec.structs import replace

from detectors.packing import pack, unpack
from sinks import commit as tables
from stream.config.settings import HOUR
from stream.controls.asked import Promote
from stream.controls.promotions import ended, retired
from stream.ledger import Ledger, moment
from stream.monitor.plans.learning import ROWS_MIN
from stream.monitor.state import Gathered, State, Version
from stream.monitor.verdicts.judging import Case
from stream.plan import Plan
from stream.policy import Incident, Policy
from stream.policy.incidents import PROMOTED
from stream.roster import Entry


def begin(state: State, entry: Entry, control: Promote) -> None:
    """What is learned of a version begins; where nothing is to be learned, it is over at once."""
    state.gathered.pop(entry.name, None)
    if not entry.plans or entry.settings.reference.moves:  # the first reference is learned anyway; or none is
        state.controls = state.controls.settled(entry.name, since(state, entry.name))
    else:
        state.gathered[entry.name] = Gathered(control.version)


def pinned(state: State, plan: Plan) -> None:
    """A reference was given: from there on nothing is to be learned."""
    state.gathered.pop(plan.model, None)
    state.controls = state.controls.settled(plan.model, plan.since)


def since(state: State, model: str) -> int:
    """From when the newest promotion of a model holds."""
    return state.controls.promotions(model)[-1].since


def gather(state: State, entry: Entry, case: Case) -> Plan | None:
    """Add a closed pane of the version that learns; once it is enough its plan, whose `since` is still to be said."""
    known = state.gathered.get(entry.name)
    if known is None or known.version != case.version or case.end <= since(state, entry.name):
        return None
    summary, plan = case.summary, case.plan
    if known.plan != plan.id:  # another grid: what was counted before is of no use in it
        known = Gathered(known.version, plan.id, case.start)
    else:
        summary += unpack(plan.grid, known.packed)
    known = replace(known, upto=case.end, packed=pack(summary))
    events, learned = int(summary.events()[0]), known.upto - known.started
    waits = entry.plans[-1] is not plan  # another one is to hold soon: a Commit does not say which of two came first
    if waits or learned < entry.settings.reference.learn or events < ROWS_MIN:
        state.gathered[entry.name] = known
        return None
    source = f"learned from {events:,} events of {learned / HOUR:.3g} h of version {case.version}, which was promoted"
    return with_(plan, reference=summary, source=source, versions=(case.version,), truth=None, drawn=None, datasets={})


def close_incidents(state: State, ledger: Ledger, control: Promote, at: int) -> None:
    """End what is open of the versions that a promotion is about; what is remembered of their series begins anew."""
    newest = state.controls.promotions(control.model)[-1]
    for name in (newest.version, *newest.retired):
        version = (control.model, name)
        policy = state.policies.get(version)
        if policy is not None:
            state.policies[version] = begun_anew(version, policy, at, ledger)


def close_retired(state: State, ledger: Ledger, model: str, at: int) -> None:
    """End what was opened while nothing had come of the version that took another's place."""
    for version, policy in (
        sorted(state.policies.items(), key=lambda one: one[0]) if state.controls.promotions(model) else ()
    ):
        if version[0] == model and policy.incident is not None and is_retired(state, version, at):
            state.policies[version] = begun_anew(version, policy, at, ledger)


def begun_anew(version: Version, policy: Policy, at: int, ledger: Ledger) -> Policy:
    """A policy without its incident, which is told to be closed, and without what had not lasted long enough yet."""
    if policy.incident is not None:
        closed_row(ledger, version, policy.incident, at)
    return policy.begun_anew()


def closed_row(ledger: Ledger, version: Version, one: Incident, at: int) -> None:
    """An incident that a promotion has ended."""
    about = one.feature, one.detector, one.kind, one.rule, one.severity, PROMOTED, moment(0)
    ledger.row(tables.INCIDENTS, one.id, *version, "closed", moment(at), *about)


def ended_by_labels(state: State, version: Version, policy: Policy, at: int) -> int | None:
    """When a promotion before `at` has ended the incident that labels opened; None: none has."""
    if policy.incident is None:
        return None
    one = ended(state.controls.promotions(version[0]), version[1], policy.incident.opened, at)
    return None if one is None else max(one.since, policy.incident.opened)


def is_retired(state: State, version: Version, at: int) -> bool:
    """Whether another version is served in a version's place at an event time: then it asks for nothing."""
    entry = state.roster.get(version[0])
    return retired(state.controls.promotions(version[0]), version[1], at, {} if entry is None else entry.versions)
