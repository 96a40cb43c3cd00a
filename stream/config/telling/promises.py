"""The sentences of `driftline check` about verdicts: what they promise, and what stands beside them."""

from collections.abc import Iterable

from stream.config.checking import earlier
from stream.config.checking.drawing import tested
from stream.config.settings import Settings


def verdicts(settings: Settings) -> tuple[str, ...]:
    """The budget of errors, references that move, detectors that people chose, and tests of samples, in words."""
    dials = {(model.tolerate, model.false_triggers_per_month, len(model.windows)) for _, model in settings.patterns}
    budgets = (_verdict(*each) for each in sorted(dials))
    return (*budgets, *earlier.sentences(settings), *_chosen(settings), *tested(settings))


def _verdict(tolerate: float, triggers: float, n_windows: int) -> str:
    change = f"A change that moves at most {tolerate:.3g} of a feature's events ({tolerate:.1%}) is tolerated"
    if not tolerate:
        change = "Every change beyond chance counts"
    share = f", shared equally by its {n_windows} window lengths" if n_windows > 1 else ""
    budget = f"each model may ask for retraining in error about {_times(triggers)} a month{share}"
    return f"{change}; on data that does not change, {budget}. With too few events the verdict is unknown, not ok."


def _chosen(settings: Settings) -> Iterable[str]:
    for pattern, model in settings.patterns:
        for names, what in ((model.sequential.features, "features"), (model.sequential.errors, "errors")):
            if names:
                chosen = ", ".join(sorted(set(names)))
                yield f"Of {pattern}, {chosen} watch the {what} too, at their own defaults; they promise no rate."


def _times(n: float) -> str:
    return "once" if n == 1 else f"{n:g} times"
