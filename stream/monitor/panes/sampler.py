"""What share of a model's ids waits for labels: decided at closes, stored with each pane, asked for by steps."""

from sinks import commit as tables
from stream.config.settings import Settings
from stream.counting.windows import decided_from, window_end
from stream.joining.sampling import share
from stream.ledger import Ledger, moment
from stream.monitor.panes.pending import Held, Pending, Span, kept_for
from stream.monitor.state import State
from stream.partials import Open
from stream.roster import Entry


class Sampler:
    """Decides for all models, whoever watches them: workers go by what any monitor says."""

    def __init__(self, settings: Settings, state: State, ledger: Ledger) -> None:
        self._settings, self._state, self._ledger = settings, state, ledger
        self._keep = kept_for(settings)

    def close(self, partly: Open, name: str, end: int) -> None:
        """Close one model's pane, if it has predictions with an id."""
        keyed, kept = (counted.pop((end, name), 0) for counted in (partly.keyed, partly.kept))
        if not keyed:
            return
        entry, state, pane = self._state.roster.get(name), self._state, self._settings.pane
        assert entry is not None, f"{name}: predictions wait, and nobody knows it"
        halvings = entry.rates.at(end - pane)
        known = state.pending.get(name, Pending(end - pane))
        known = state.pending[name] = known.add(end, Span(keyed, kept, kept << halvings), pane, self._keep)
        rates = known.decide(entry.rates, self._settings.limits.pending, self._held(entry, end))
        if rates is not entry.rates:
            state.roster = state.roster.rated(name, rates)
        if self._settings.monitors.mine(name):
            self._ledger.row(tables.PENDING, name, moment(end), share(halvings), keyed, kept)

    def _held(self, entry: Entry, end: int) -> Held:
        """A larger sample begins with the longest window, so that none is over two for that reason."""
        settings, model = self._settings, entry.settings
        soon = decided_from(end, settings.pane, settings.lateness, settings.events.max_ahead)
        later = window_end(soon + model.labels.within, max(model.windows))
        return Held(end, soon, later, self._keep, settings.pane)
