"""What concerns one version when windows close: what was judged of it, what was found, and what that shows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stream.monitor.acting import sighted
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.noticed import Noticed
from stream.monitor.acting.sighted import Slot
from stream.monitor.verdicts.judging import Case, Verdicts
from stream.monitor.verdicts.sequential import Alarm
from stream.plan import SERVED, Plan
from stream.policy import Seen


@dataclass(frozen=True)
class Shown:
    """What an incident is told with: the plan, what its windows were compared with, and the findings."""

    plan: Plan
    compared: Mapping[int, str]  # by the lengths of its windows that end
    found: Sequence[Finding]
    coverage: float | None = None


@dataclass
class Concern:
    """One version at one end. `others` are findings of all versions of its model, and of what is no column."""

    plan: Plan
    seen: list[Seen] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    others: list[Finding] = field(default_factory=list)
    compared: dict[int, str] = field(default_factory=dict)

    def ring(self, case: Case, ringing: Sequence[Alarm]) -> None:
        """Alarms at the end of a pane."""
        self.found += [Finding.of_alarm(case, alarm) for alarm in ringing]
        self.seen.append(sighted.of_alarms(case, self.found))

    def judge(self, case: Case, verdicts: Verdicts, found: Collection[Finding], slots: Sequence[Slot]) -> None:
        """A judged window, and what is told of it."""
        self.plan = case.plan
        self.found += found
        self.compared[case.length] = case.compared_with
        self.seen.append(sighted.of_window(case, verdicts, found, slots))

    def notice(self, noticed: Noticed) -> None:
        """What else was judged."""
        self.others += noticed.findings
        if noticed.seen is not None:
            self.seen.append(noticed.seen)

    def shown(self, asked: Collection[str]) -> Shown:
        """What a trigger shows: what drifted, and findings of the kinds that rules ask for."""
        return Shown(self.plan, self.compared, [one for belongs, some in self.told(asked) if belongs for one in some])

    def told(self, asked: Collection[str]) -> Iterator[tuple[bool, list[Finding]]]:
        """Its findings, those that belong to an incident and those that do not; not those of all versions."""
        if not self.found and not self.others:
            yield from ((True, []), (False, []))  # as most of the time
            return
        drifted = [one for one in self.found if one.feature not in SERVED]
        rest = [one for one in (*self.found, *self.others) if one not in drifted and one.version]
        belong = [one for one in rest if not set(asked).isdisjoint(sighted.kinds_of(one))]
        yield True, [*drifted, *belong]
        yield False, [one for one in rest if one not in belong]
