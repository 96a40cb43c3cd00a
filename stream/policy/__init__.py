"""From findings to triggers: conditions that last open an incident, which asks for one retraining. Pure folds.

Findings become sightings, leaves remember how long they have lasted, rules combine leaves, and incidents follow.
"""

from stream.policy.book import Book, book
from stream.policy.incidents import Event, Incident, Policy
from stream.policy.sightings import Seen, Sighting

__all__ = ["Book", "Event", "Incident", "Policy", "Seen", "Sighting", "book"]
