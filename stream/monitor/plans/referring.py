"""Another reference by a control: the plan that it carries, from the first pane on that nobody can have read."""

from dataclasses import replace

from msgspec import UNSET, Raw

from stream.config.settings import Settings
from stream.controls.asked import Promote, Reference
from stream.counting.windows import decided_from
from stream.events import NEVER
from stream.monitor.acting.triggers import rfc3339
from stream.plan import Plan
from stream.reference import ReferenceProblem
from stream.reference.saved import adopted, load
from stream.roster import Entry


def referred(control: Reference | Promote, entry: Entry, settings: Settings, since: int) -> Plan:
    """The plan for a model, at a control's T. ReferenceProblem says why it can have none."""
    if since == NEVER or not entry.plans:
        raise ReferenceProblem("it has no reference yet: say in the configuration what its first one is")
    if settings.monitors.names:  # workers read as far as the foremost monitor is, and that may be another one
        raise ReferenceProblem("several monitors share the models: set it in the configuration, and start all again")
    pane = settings.pane
    # The next close is that of a later pane, and until then the watermark is below its end plus the lateness.
    begin = decided_from(since + pane, pane, settings.lateness, settings.events.max_ahead)
    newest = entry.plans[-1].since
    if newest >= begin:  # a Commit does not say in which order it has adopted two
        raise ReferenceProblem(f"another reference is to hold from {rfc3339(newest)} on: ask again after that")
    source, versions = _about(control)
    assert control.saved is not UNSET, "nothing was brought"
    plan = adopted(_loaded(control.saved, source), control.model, entry.settings, since=begin, source=source)
    if plan.reference.counts.shape != (len(plan.rows), int(plan.grid.offsets[-1])):
        raise ReferenceProblem(f"{source} is no saved reference: its counts are not those of its cells")
    return replace(plan, versions=versions) if versions else plan


def _about(control: Reference | Promote) -> tuple[str, tuple[str, ...]]:
    """Where the reference comes from, in words, and of which versions it is; none where that is not known."""
    if isinstance(control, Promote):
        return control.source or f"promoted with version {control.version}", (control.version,)
    return control.source, ()


def _loaded(saved: Raw, source: str) -> Plan:
    try:
        return load(bytes(saved), source)
    except ReferenceProblem:
        raise
    except Exception as error:
        # Its hash is right, and it is none all the same: whoever has written it is told, whatever it is.
        raise ReferenceProblem(f"{source} is no saved reference: {type(error).__name__} {error}") from error
