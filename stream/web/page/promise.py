"""What a model's verdicts take for granted and promise, and what is kept of it, as sentences."""

from sinks.commit import SPREADS, Store
from stream.web.answers import Window


def said_of(store: Store, model: str, newest: Window | None) -> str:
    """Sentences that begin with a space; none where nothing is known yet. `newest`: the newest window that is shown."""
    return _assumed(newest) + _promised(store, model)


def _assumed(newest: Window | None) -> str:
    return f" Verdicts assume {newest.assumes}: too few panes were seen yet." if newest and newest.assumes else ""


def _promised(store: Store, model: str) -> str:
    where = {"model": model, "state": "over"}
    rows = store.select(SPREADS, where=where, order=("end",), descending=True, limit=1)
    columns = (rows[name].tolist() for name in ("promised", "expected", "verdicts", "alarms"))
    for promised, expected, verdicts, alarms in zip(*columns, strict=True):
        if verdicts:
            return (
                f" Promised: at most {promised:.3g} false triggers a month; its own first panes, judged by each other, "
                f"let expect {expected:.2g} ({alarms:,} of {verdicts:,} verdicts at 1 in 100)."
            )
    return ""
