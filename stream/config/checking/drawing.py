"""Two-sample tests of windows, `drift.tests` and `drift.together`: what is wrong with them, and what they mean."""

from collections.abc import Iterator
from typing import Final

from detectors.multivariate import TOGETHER
from detectors.two_sample import CATEGORIES, VALUES
from stream.config.mistakes import Objection, choice, nearest, repeated, shown
from stream.config.settings import Model, Settings

SAMPLE_LEAST: Final = 50  # fewer rows tell little but very large changes
SAMPLE_MAX: Final = 5_000  # 2 MB of a window with 50 numeric features
SAVED: Final = ".driftline.json"  # a reference without rows


def rows_drawn(model: Model) -> int:
    """How many events of a window are kept with their values, for tests that need such; 0 where none does."""
    needed = model.drift.together or any(test in VALUES for test in model.drift.tests)
    return model.drift.sample if needed else 0


def tests_made(model: Model, numeric: int, categorical: int) -> int:
    """How many tests a window of all events has, of so many features of each kind."""
    of_values = sum(test in VALUES for test in model.drift.tests)
    return numeric * of_values + categorical * (len(model.drift.tests) - of_values) + len(model.drift.together)


def tests(model: Model, _: Settings) -> Iterator[Objection]:
    """Tests that do not exist, findings by tests that are not made, and samples that are too small or too large."""
    for key, chosen, known in (
        ("tests", model.drift.tests, [*VALUES, *CATEGORIES]),
        ("together", model.drift.together, [*TOGETHER]),
    ):
        yield from repeated(("drift", key), chosen)
        for i, name in enumerate(chosen):
            if name not in known:
                yield Objection(("drift", key, i), choice(known), shown(name), nearest(name, known))
    made = [*model.drift.tests, *model.drift.together]
    for name in model.drift.findings:
        if name not in made:
            expected = choice(made) if made else "a test of `tests` or `together`, which have none"
            yield Objection(("drift", "findings", name), expected, shown(name), nearest(name, made))
    if made and not SAMPLE_LEAST <= model.drift.sample <= SAMPLE_MAX:
        yield Objection(("drift", "sample"), f"from {SAMPLE_LEAST} to {SAMPLE_MAX}", str(model.drift.sample))
    if rows_drawn(model) and model.reference.file.endswith(SAVED):
        expected = "a file of rows beside drift.tests and drift.together: a saved reference has none"
        yield Objection(("reference", "file"), expected, shown(model.reference.file))


def tested(settings: Settings) -> Iterator[str]:
    """What is tested beside the verdict, in sentences."""
    for pattern, model in settings.patterns:
        drift = model.drift
        if drift.pairs:
            yield f"Whether features of {pattern} still go together is judged: all pairs of at most {drift.pairs}."
        if not drift.attribution:
            yield f"Attributions of {pattern} are not read."
        if not drift.tests and not drift.together:
            continue
        each = f"each feature by {', '.join(drift.tests)}" if drift.tests else ""
        together = f"all numeric features together by {', '.join(drift.together)}" if drift.together else ""
        drawn = f"numbers on samples of {drift.sample:,} events" if rows_drawn(model) else ""
        judged = " or ".join(f"of {name} above {limit:g}" for name, limit in sorted(drift.findings.items()))
        finding = f"An effect {judged} that chance seldom makes is a finding" if judged else "None is a finding"
        told = "; ".join(filter(None, (each, together, drawn)))
        yield f"Windows of {pattern} are tested beside the verdict: {told}. {finding}; none asks for retraining."
