"""What is judged of a window beside its columns: the order of attributions, and whether features still go together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stream.ledger import Ledger
from stream.monitor.acting.findings import Finding
from stream.monitor.acting.sighted import Slot
from stream.monitor.verdicts import attributed, coupled
from stream.monitor.verdicts.attributed import Agreement
from stream.monitor.verdicts.coupled import Moved
from stream.monitor.verdicts.judging import Case


@dataclass(frozen=True)
class Beside:
    """Of one window; None where nobody asks."""

    case: Case
    order: Agreement | None
    pair: Moved | None

    @classmethod
    def of(cls, case: Case) -> "Beside":
        """Judge them."""
        return cls(case, attributed.agreement(case), coupled.most(case))

    @property
    def slots(self) -> list[Slot]:
        """As many for all windows of a plan, whatever is asked of it now."""
        order, pair, slots = self.order, self.pair, list[Slot]()
        if attributed.asked(self.case.plan):
            said = (False, False) if order is None else (order.known, order.drifted)
            slots.append(Slot(attributed.ORDER, attributed.DETECTOR, *said))
        if coupled.asked(self.case.plan):
            said = (False, False) if pair is None else (pair.known, pair.drifted)
            slots.append(Slot("" if pair is None else pair.feature, coupled.DETECTOR, *said))
        return slots

    def findings(self) -> Iterator[Finding]:
        """Those that drifted."""
        if self.order is not None and self.order.drifted:
            yield attributed.finding(self.case, self.order)
        if self.pair is not None and self.pair.drifted:
            yield coupled.finding(self.case, self.pair)


def rows(ledger: Ledger, besides: Sequence[Beside]) -> None:
    """What is told of them."""
    attributed.rows(ledger, [(one.case, one.order) for one in besides])
    coupled.rows(ledger, [(one.case, one.pair) for one in besides])
