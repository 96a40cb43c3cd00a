"""What `driftline check` says about who starts runs for triggers."""

from sinks.dispatch.targets.entry import named
from stream.config.settings import Settings
from stream.config.units import spelled_duration


def dispatching(settings: Settings) -> tuple[str, ...]:
    """Which targets there are, how long they are asked, and who asks."""
    dispatch, retry = settings.dispatch, settings.dispatch.retry
    if not dispatch.targets:
        return (f"Nobody starts runs: triggers are on {settings.topics.triggers} for your own consumers.",)
    known = [named(entry) for entry in dispatch.targets]
    names, others = ", ".join(known), ", ".join(sorted(_asked(settings) - {*known}))
    who = "this service itself" if dispatch.inside else "`driftline dispatch`"
    within = spelled_duration(retry.within)
    strange = (f"Not among them: {others}; triggers for these wait for a dispatcher that has them.",) if others else ()
    return (
        f"Each trigger is brought to {names} by {who}, once; what became of it is told on {settings.topics.outcomes}.",
        *strange,
        f"A target that does not answer is asked for {within}; then the trigger is on {settings.topics.dead_letters}.",
        f"The end of a run is waited for {spelled_duration(dispatch.follow)}.",
        f"What was asked of whom is remembered in {dispatch.ledger} for {spelled_duration(dispatch.keep)}.",
    )


def _asked(settings: Settings) -> set[str]:
    """The targets that policies name."""
    names = set[str]()
    for policy in (model.policy for _, model in settings.patterns):
        for some in (*(rule.targets for rule in policy.rules), *(one.targets for one in policy.schedules)):
            names |= {*some}
        names = names.union(*policy.targets.values())
    return names
