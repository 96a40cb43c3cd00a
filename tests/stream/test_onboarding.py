"""Sources: which plans models get, and what many of them share."""

from stream import reference
from stream.config.sections.references import Reference
from stream.config.settings import Limits, Model
from stream.monitor.plans.onboarding import File, Sources
from stream.reference import Table
from stream.reference.columns import of_documents
from tests.stream.files.events import events, lines

LIMITS = Limits()
ROWS = events(200)
TABLE = reference.from_events(lines(ROWS))
MODEL = Model(reference=Reference(file="train.parquet"))


def sources_of(table: Table) -> Sources:
    """Sources with one file."""
    return Sources(LIMITS, {"train.parquet": File(table, "digest")})


def test_models_with_one_reference_share_what_it_made() -> None:
    """Their plans are those that each would have got alone, but the grid and the counts are there once."""
    sources = sources_of(TABLE)
    plans = [sources.plan(name, MODEL, None, since) for name, since in (("fraud", 0), ("churn", 300))]
    alone = [sources_of(TABLE).plan(name, MODEL, None, since) for name, since in (("fraud", 0), ("churn", 300))]
    assert [plan and plan.body for plan in alone] == [plan and plan.body for plan in plans]
    assert len({id(plan and plan.grid) for plan in plans}) == 1
    assert len({id(plan and plan.reference) for plan in plans}) == 1


def test_models_of_other_settings_do_not_share() -> None:
    """What a plan is made by decides, not the file alone."""
    sources = sources_of(TABLE)
    one = Model(features={"amount": "numeric"}, reference=MODEL.reference)
    plans = [sources.plan(name, model, None, 0) for name, model in (("fraud", MODEL), ("churn", one), ("spam", MODEL))]
    assert [True, False, True] == [plan is not None and "items" in plan.grid.numeric for plan in plans]


def test_models_told_apart_in_the_reference_do_not_share() -> None:
    """Of a log of events each model has its own rows."""
    rows = [
        event | {"model": model} for event, model in zip(ROWS, ["fraud", "fraud", "churn", "fraud"] * 50, strict=True)
    ]
    sources = sources_of(reference.from_columns(of_documents(rows)))
    plans = [sources.plan(name, MODEL, None, 0) for name in ("fraud", "churn")]
    assert [150, 50] == [plan and int(plan.reference.events()[0]) for plan in plans]
