"""What a service is made of: one process that reads events, or a monitor that workers read for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic

from stream.app.following import Following
from stream.app.intake import Intake, W
from stream.app.reading import Reading
from stream.app.trouble import Trouble
from stream.config.settings import Settings
from stream.journey import Journey
from stream.monitor.plans.onboarding import Sources
from stream.tiers.follower import Follower
from stream.watch import Memory


@dataclass(frozen=True)
class Tier(Generic[W]):
    """The pure half, and the intake that feeds it."""

    watch: Callable[[Settings, Sources, Memory], W]
    intake: Callable[[Settings, Mapping[str, str], Trouble, Callable[[str], None]], Intake[W]]


RUN = Tier(Journey, Reading)
MONITOR = Tier(Follower, Following)
