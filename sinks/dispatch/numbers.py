"""What the dispatcher counts since its start, per target."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Numbers:
    """Of one target."""

    outcomes: Counter[str] = field(default_factory=Counter)  # by state, as they were told
    attempts: Counter[str] = field(default_factory=Counter)  # by answer: started, again, refused
    repeats: int = 0  # triggers that came again
    dead_letters: int = 0
    start_seconds: float = 0.0  # from accepted to started, summed over what was started
    problem: str = ""  # what holds up a trigger now, other than its target
