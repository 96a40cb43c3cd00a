"""What was found in a model and what was asked for, as tables."""

from sinks.commit import FINDINGS, TRIGGERS, Store
from stream.web.answers import Finding, Trigger, answers
from stream.web.page.html import Html, named, section, table, tag, time
from stream.web.page.numbers import number
from stream.web.page.origin import origin
from stream.web.page.runs import by_trigger, runs, shown
from stream.web.page.standing import triggers

ROWS_SHOWN = 25  # the API has all


def findings_of(store: Store, name: str) -> Html:
    """A model's newest findings, in words."""
    found = store.select(FINDINGS, where={"model": name}, order=("end", "feature"), descending=True, limit=ROWS_SHOWN)
    rows: list[tuple[str, ...]] = [
        (time(each.end), each.length, named(each.feature), each.detector, _over(each), _words(each), origin(each))
        for each in answers(found, Finding)
    ]
    if not rows:
        return section("Findings", tag("p", "Nothing has exceeded its limit."))
    head = ("Window's end", "Length", "Feature", "Detector", "Value / limit", "What changed", "Since when, and why")
    return section("Findings", table(head, rows, f"The newest {len(rows)} findings"))


def triggers_of(store: Store, name: str) -> Html:
    """A model's newest requests to retrain, and whether they were delivered."""
    found = store.select(TRIGGERS, where={"model": name}, order=("at",), descending=True, limit=ROWS_SHOWN)
    told = by_trigger(runs(store, name))
    rows: list[tuple[str, ...]] = [
        (
            time(each.at),
            named(each.version),
            each.reason,
            tag("code", each.id),
            _sent(each),
            shown(told.get(each.id, ())),
        )
        for each in triggers(store, found)
    ]
    if not rows:
        text = "No retraining has been asked for. A trigger follows when findings persist over several windows."
        return section("Triggers", tag("p", text))
    head = ("Time", "Version", "Reason", "Id", "Delivery", "Runs")
    return section("Triggers", table(head, rows, "Requests to retrain"))


def _words(finding: Finding) -> Html:
    """What changed; of what, the column before says."""
    return tag("span", finding.words.removeprefix(f"{finding.feature}: "), class_="wraps")


def _over(finding: Finding) -> str:
    return f"{number(finding.value)} / {number(finding.limit)}"


def _sent(trigger: Trigger) -> str:
    return "delivered" if trigger.delivered else "waiting for the broker"
