"""How slow and how faulty a service may be: what the reference and two sample sizes allow, at any chance of error.

Of two counts whose rates are to each other as p to 1 - p, the first has, given their sum, a binomial law. So `a` are
surely more than `b` where I_p(a, b + 1), the chance of as many or more, is small: exact for counts of what is rare
(Przyborowski and Wilenski 1940, Homogeneity of results in testing samples from Poisson series), and a little strict for
what is not.
"""

import numpy as np
from scipy.special import btdtria, btdtrib

from detectors.codes import Floats
from detectors.performance.service.latency import Seen, rank_of
from detectors.service import WIDTH

Level = float | Floats  # one for all, or one of each row


def quantile_limit(reference: Seen, n: Floats, share: float, chance: Level, tolerate: Level) -> Floats:
    """The quantile beyond which n answers are surely slower than the reference's by more than a share `tolerate`.

    (rows,), and so may be `chance` and `tolerate`; infinite where either has too few for any, nan without a reference.
    It is an ordered latency of the reference, times what is tolerated (at least a bucket's width, as the same latencies
    may stand anywhere in theirs): the one with so many slower ones that the window's slowest would not be as many
    beyond it by chance. That knows no distribution. A share varies less than a rare count, the more so the larger it
    is: both counts are worth more then. By so much that the chance is kept down to thirty answers
    (`tests/detectors/performance/test_limits.py`).
    """
    worth = (1 + share) / 2
    m = reference.n
    slower = n - rank_of(n, share) + 1
    allowed = _fewer(slower / worth, n / np.maximum(n + m, 1), chance) * worth
    some = (m > 0) & (n > 0)
    known = some & (allowed >= 0)
    rank = np.where(known, np.clip(m - allowed, 1, m), 1)
    limit = reference.ordered.at(rank) * (1 + np.maximum(tolerate, WIDTH))
    return np.where(some, np.where(known, limit, np.inf), np.nan)


def failures_limit(reference: Seen, n: Floats, chance: Level, tolerate: Level) -> Floats:
    """The share of failures beyond which n answers surely fail more often than the reference's, (rows,).

    More often by more than a share `tolerate` of its rate. Above 1 where so few can never be sure; nan without a
    reference, or without answers.
    """
    m = reference.answers
    odds = n * (1 + tolerate) / np.maximum(n * (1 + tolerate) + m, 1)
    allowed = _more(reference.failed, odds, chance)
    return np.where((m > 0) & (n > 0), allowed / np.maximum(n, 1), np.nan)


def _fewer(a: Floats, odds: Floats, chance: Level) -> Floats:
    """The greatest b that `a` is surely more than; negative where there is none, (rows,)."""
    return np.asarray(btdtrib(a, chance, odds) - 1)


def _more(b: Floats, odds: Floats, chance: Level) -> Floats:
    """The least a that is surely more than `b`, (rows,)."""
    return np.asarray(btdtria(chance, b + 1, odds))
