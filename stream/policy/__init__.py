"""From findings to triggers: conditions that last open an incident, which asks for one retraining. Pure folds.

Findings become sightings, leaves remember how long they have lasted, rules combine leaves (book), and incidents follow.
By schedules it asks without a finding; quiet is when nothing triggers; hearing joins the two policies of a model whose
labels come late; trial is a policy over a history.
"""

from stream.policy.book import Book, book
from stream.policy.incidents import Event, Incident, Policy
from stream.policy.sightings import Seen, Sighting

__all__ = ["Book", "Event", "Incident", "Policy", "Seen", "Sighting", "book"]
