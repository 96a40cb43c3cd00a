"""What `driftline check` says about who starts runs for triggers."""

from sinks.dispatch.targets.entry import named
from stream.config.settings import Settings
from stream.config.units import spelled_duration


def dispatching(settings: Settings) -> tuple[str, ...]:
    """Which targets there are, how long they are asked, and who asks."""
    dispatch, retry = settings.dispatch, settings.dispatch.retry
    if not dispatch.targets:
        return (f"Nobody starts runs: triggers are on {settings.topics.triggers} for your own consumers.",)
    names = ", ".join(map(named, dispatch.targets))
    who = "this service itself" if dispatch.inside else "`driftline dispatch`"
    within = spelled_duration(retry.within)
    return (
        f"Each trigger is brought to {names} by {who}, once; what became of it is told on {settings.topics.outcomes}.",
        f"A target that does not answer is asked for {within}; then the trigger is on {settings.topics.dead_letters}.",
        f"The end of a run is waited for {spelled_duration(dispatch.follow)}.",
        f"What was asked of whom is remembered in {dispatch.ledger} for {spelled_duration(dispatch.keep)}.",
    )
