"""The worlds of docs/honesty.md: `tests.honesty.incidents` measures them."""

from collections.abc import Iterable
from typing import NamedTuple

from stream.config.settings import Trigger
from tests.honesty import drift_worlds as worlds
from tests.honesty import pairs

PROMISES = 1 / 100, 1 / 1_000  # incidents of a window
TRIGGERS = Trigger(windows=1, of=1), Trigger(windows=2, of=3)
MODELS, WINDOWS = 500, 200  # of each row
FREQUENT = 200  # models that are asked about the more frequent incidents, too: 400 are promised of these


class Row(NamedTuple):
    """A world, how many of its cells lie on a line, values of a window and of the reference, and how many features.

    `days`: windows are compared with the same slot of that many days before, `slots` to a day. `votes`: pairs of
    features are judged, and nothing else.
    """

    name: str
    world: worlds.World
    on_line: int
    n: int
    m: int
    features: int
    tolerate: float = 0.0
    slots: int = 0
    days: int = 0
    votes: pairs.Draw | None = None
    at_most: bool = False  # fewer incidents are right, too

    @property
    def reference(self) -> int:
        """Values that a window is compared with."""
        return self.days * self.n if self.slots else self.m // worlds.PANES * worlds.PANES

    @property
    def key(self) -> str:
        """What it is, beside its world."""
        return " | ".join(str(each) for each in (self.name, self.n, self.m, self.features, self.tolerate, self.days))


def _first() -> Iterable[Row]:
    """Of most kinds of worlds one."""
    line = worlds.LINE
    normal, zeros = worlds.independent(worlds.QUANTILES), worlds.independent(worlds.ZEROS)
    many = worlds.moved(worlds.categories(50), 0, 3, 0.05)
    yield Row("normal", normal, line, 1_000, 100_000, 3)
    yield Row("normal", normal, line, 500, 500, 3)
    yield Row("90 % zeros", zeros, 25, 500, 20_000, 3)
    yield Row("3 categories", worlds.independent(worlds.categories(3)), 0, 1_000, 20_000, 3)
    yield Row("autoregressive 0.5", worlds.following(0, 0.5), line, 300, 18_000, 3)
    yield Row("users with 5 events", worlds.following(0, 0, 5, 0.9), line, 300, 18_000, 3)
    yield Row("a day of 24, same slot of 28 days", worlds.rhythm(24, 1.0), line, 200, 0, 3, slots=24, days=28)
    yield Row("5 points of a category, 5 tolerated", many, 0, 1_000, 100_000, 1, 0.05, at_most=True)


def _rows() -> Iterable[Row]:
    """Of each kind of world more; at the end those that take a minute or more."""
    normal, line = worlds.independent(worlds.QUANTILES), worlds.LINE
    integers, zeros = worlds.independent(worlds.INTEGERS), worlds.independent(worlds.ZEROS)
    kinds = {n: worlds.independent(worlds.categories(n)) for n in (3, 10, 50, 500)}
    follow, users = worlds.following(0, 0.5), worlds.following(0, 0, 5, 0.9)
    more = worlds.moved(worlds.categories(50), 0, 3, 0.05)
    yield Row("normal, correlated 0.9", worlds.following(0.9), line, 100, 6_000, 10)
    yield Row("integers (Poisson, mean 3)", integers, 10, 500, 20_000, 3)
    yield Row("50 categories", kinds[50], 0, 1_000, 20_000, 3)
    yield Row("log-normal, cells cut by the reference", worlds.cut_by_itself, 32, 50, 500, 3)
    yield Row("normal", normal, line, 50, 500, 3)
    yield Row("normal", normal, line, 100_000, 1_000_000, 3)
    yield Row("90 % zeros", zeros, 25, 50, 500, 3)
    yield Row("users with 5 events, 90 % zeros", worlds.habits(worlds.ZEROS, 5, 0.9), 25, 300, 18_000, 3)
    yield Row("users with 5 events, 50 categories", worlds.habits(worlds.categories(50), 5, 0.9), 0, 300, 18_000, 3)
    yield Row("a week of 168, same slot of 8 weeks", worlds.rhythm(168, 1.0), line, 200, 0, 3, slots=168, days=8)
    missing = worlds.moved(worlds.QUANTILES, 5, 34, 0.03)
    yield Row("3 points, now missing, 3 tolerated", missing, line, 200, 2_000, 1, 0.03, at_most=True)
    yield Row("3 categories", kinds[3], 0, 50, 500, 3)
    yield Row("autoregressive 0.5, correlated 0.9", worlds.following(0.9, 0.5), line, 300, 18_000, 3)
    yield Row("users with 5 events", users, line, 100, 6_000, 3)
    yield Row("normal", normal, line, 500, 50_000, 50)
    yield Row("autoregressive 0.5", follow, line, 100, 6_000, 3)
    yield Row("autoregressive 0.5", follow, line, 300, 18_000, 1)
    yield Row("10 categories", kinds[10], 0, 50, 500, 3)
    yield Row("10 categories", kinds[10], 0, 1_000, 20_000, 3)
    yield Row("50 categories", kinds[50], 0, 50, 500, 3)
    yield Row("normal", normal, line, 50, 10_000, 3)
    yield Row("normal", normal, line, 1_000, 6_000, 3)
    yield Row("normal", normal, line, 10_000, 20_000, 3)
    yield Row("normal", normal, line, 100_000, 100_000, 3)
    yield Row("normal", normal, line, 500, 50_000, 1)
    yield Row("log-normal, cells cut by the reference", worlds.cut_by_itself, 32, 500, 3_000, 3)
    yield Row("normal, correlated 0.5", worlds.following(0.5), line, 100, 6_000, 10)
    for n, m in ((50, 500), (20_000, 1_000_000)):
        yield Row("integers (Poisson, mean 3)", integers, 10, n, m, 3)
    yield Row("90 % zeros", zeros, 25, 20_000, 1_000_000, 3)
    yield Row("5 points of a category, 5 tolerated", more, 0, 200, 2_000, 1, 0.05, at_most=True)
    point = worlds.moved(worlds.ZEROS, 0, 12, 0.01)
    yield Row("1 point of 90 % zeros, 1 tolerated", point, 25, 1_000, 20_000, 1, 0.01, at_most=True)
    yield Row("500 categories", kinds[500], 0, 50, 500, 1)
    yield Row("500 categories", kinds[500], 0, 1_000, 20_000, 3)
    yield Row("50 categories", kinds[50], 0, 100_000, 1_000_000, 3)
    yield Row("autoregressive 0.5", follow, line, 1_000, 100_000, 3)
    yield Row("users with 5 events", users, line, 1_000, 100_000, 3)
    yield Row("users with 5 events, correlated 0.5", worlds.following(0.5, 0, 5, 0.9), line, 300, 18_000, 10)
    yield Row("normal, correlated 0.9", worlds.following(0.9), line, 100, 6_000, 50)
    yield Row("normal", normal, line, 500, 50_000, 200)


def _differing() -> Iterable[Row]:
    """Days that have levels of their own, by a tenth of a deviation."""
    for n, slots in ((100, 288), (1_200, 24)):
        world = worlds.rhythm(slots, 1.0, 0.1)
        yield Row("days differ by 0.1, slot of 7 days", world, worlds.LINE, n, 0, 3, slots=slots, days=7, at_most=True)


def _pairs() -> Iterable[Row]:
    """Two features that go together, as `drift.pairs` judges them."""
    nothing = worlds.independent(worlds.QUANTILES)
    yield Row("pairs: normal, correlated 0.5", nothing, 0, 100, 6_000, 2, votes=pairs.normal)
    yield Row("pairs: normal, neighbours correlated 0.5", nothing, 0, 200, 12_000, 10, votes=pairs.normal)
    yield Row("pairs: 90 % zeros, correlated 0.5", nothing, 0, 1_200, 12_000, 2, votes=pairs.zeros)
    yield Row("pairs: users with 4 events, correlated 0.5", nothing, 0, 200, 12_000, 3, votes=pairs.sessions)


FEW = 0, 1, 3, 4, 5, 6, 7, 9  # numbers of rows: of most kinds of worlds one, a minute in all
ROWS = *_first(), *_rows(), *_differing(), *_pairs()
