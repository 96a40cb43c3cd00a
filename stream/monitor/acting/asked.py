"""A person acknowledges or closes an incident: one that closes have opened at T, one of labels after a step."""

from collections.abc import Mapping, MutableMapping

from msgspec.structs import replace

from sinks import commit as tables
from stream.controls.asked import Acknowledge, Close
from stream.ledger import Ledger, moment
from stream.monitor.state import State, Version
from stream.policy import Policy


def opened(policies: Mapping[Version, Policy], model: str) -> dict[str, Version]:
    """The incidents of a model that are open, with their versions."""
    return {
        policy.incident.id: version
        for version, policy in policies.items()
        if version[0] == model and policy.incident is not None
    }


def act(control: Acknowledge | Close, policies: MutableMapping[Version, Policy], at: int, ledger: Ledger) -> None:
    """Note it with the incident, if it is open. A closed one opens again only by findings that all come after that."""
    version = opened(policies, control.model).get(control.incident)
    policy = None if version is None else policies[version]
    if version is None or policy is None or policy.incident is None:
        return
    word = "acknowledged" if isinstance(control, Acknowledge) else "closed"
    one = policy.incident
    about = one.feature, one.detector, one.kind, one.rule, one.severity, one.why, moment(0)
    ledger.row(tables.INCIDENTS, one.id, *version, word, moment(at), *about)
    if word == "closed":
        memories = {key: each.begun_anew() for key, each in policy.memories.items()}
        policies[version] = replace(policy, incident=None, memories=memories)


def settled(state: State, ledger: Ledger, model: str, upto: int, version: Version | None = None) -> None:
    """Let take effect what a journal has told, and was asked of a model when its steps had come so far.

    While the steps of one version are taken, only what is about its incident.
    """
    incident = None if version is None else state.labelled.get(version, Policy()).incident
    due = [
        each
        for each in state.later
        if each[2].model == model
        and each[0] <= upto
        and (version is None or (incident is not None and each[2].incident == incident.id))
    ]
    state.later = tuple(each for each in state.later if each not in due)
    for step, _, control in due:
        act(control, state.labelled, step, ledger)
