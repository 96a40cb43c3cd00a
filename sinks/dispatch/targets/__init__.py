"""Targets: the systems in which a trigger starts a retraining run.

- From an entry of the configuration to a target that works: entry, opening; holding.
- Which there are: systems/ (the table is `kinds`). How each is described: plans/. How it is called: calling/.
"""

import os
from collections.abc import Mapping
from typing import Any

from sinks.dispatch.target import Target


def open_target(entry: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Target:
    """The target of an entry in which nothing is `wrong`. ValueError where a secret, a program or a library is missing.

    Needs a running event loop only once it is used. Its imports are made here: reading a configuration needs no client.
    """
    from sinks.dispatch.targets.opening import opened

    return opened(entry, environment)
