"""A target as a row of a table: address, body, what means success, and how its run is found again and followed."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol
from urllib.parse import quote

from msgspec import Struct

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Trigger
from sinks.dispatch.targets.plans.exchange import (
    Finding,
    Followed,
    Following,
    Reply,
    Request,
    Taken,
    Taking,
    declined,
    found,
    unclear,
    word,
)
from sinks.dispatch.targets.plans.keys import Entry, Key
from sinks.dispatch.targets.plans.login import Login
from sinks.dispatch.targets.plans.templates import fields, plain, segment

PLACE = re.compile(r"{([a-z_0-9]+)}")
CREATED = frozenset({200, 201})
Together = Callable[[Mapping[str, object]], Iterator[tuple[str, str]]]


def nothing(_values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Keys that may stand together in any way."""
    yield from ()


class Kind(Protocol):
    """What a target must know about its system. Pure: it yields requests and is sent their replies."""

    @property
    def keys(self) -> Mapping[str, Key]:
        """The keys of an entry, beside its name and kind."""
        ...

    @property
    def keyed(self) -> bool:
        """Whether the system refuses a repeated trigger."""
        ...

    @property
    def together(self) -> Together:
        """What is wrong with keys that are right one by one: (key, what was expected)."""
        ...

    @property
    def login(self) -> Login | None:
        """How a password becomes a token."""
        ...

    def start(self, entry: Entry, trigger: Trigger) -> Taking:
        """The requests that start a run."""
        ...

    def follow(self, entry: Entry, external_id: str) -> Following:
        """The requests that tell how a run is doing."""
        ...


class States(Struct, frozen=True):
    """Where a run's state stands, and the states in which it has ended; in any other it is running."""

    at: str  # pointer; several, separated by spaces: the first that says something
    succeeded: frozenset[str]
    failed: frozenset[str]
    why: str = ""  # pointer to a message

    def read(self, run: object) -> Running | Ended:
        """How the run is doing."""
        state = next((state for at in self.at.split() if (state := word(run, at))), "")
        if state in self.succeeded:
            return Ended(succeeded=True)
        if state in self.failed:
            message = word(run, self.why)[:200] if self.why else ""
            return Ended(succeeded=False, why=f"{state}: {message}" if message else state)
        return Running()


def contains(text: object, wanted: str) -> bool:
    """Whether an id stands in a text as a word: `a-1` is not in `a-11`."""
    return isinstance(text, str) and bool(wanted) and bool(re.search(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", text))


class Search(Struct, frozen=True):
    """How the run of a trigger is found among others, where the target keeps no key of ours: by an id inside it."""

    path: str
    several: str  # pointer to the list
    inside: str  # pointer, in one of the list, to what holds the id
    fits: Callable[[object, str], bool] = contains
    by_run: bool = False  # the id is ours of the run rather than the trigger's


class Row(Struct, frozen=True, kw_only=True):
    """One target.

    In paths, links and ids `{key}` is that key of the entry with its places filled, and `{run}` our id of the run. In
    the paths of `search` and `status`, `{0}` and `{1}` are what is before and behind the last slash of the run's id.
    """

    keys: Mapping[str, Key]
    path: str
    body: Callable[[Entry, Trigger], tuple[bytes, str]]  # with its content type
    headers: Mapping[str, str] = {}
    more: Callable[[Entry, Trigger], Mapping[str, str]] | None = None  # headers out of the entry
    keyed: bool = False
    taken: frozenset[int] = CREATED
    repeated: frozenset[int] = frozenset()  # the answer to a trigger that it had
    slash: str = "%2F"  # what a slash in a key of the entry becomes
    external: str = "{run}"
    identify: str = ""  # pointer to the id in a reply, or in a run that was found; empty: it is ours
    link: str = ""  # below the address, unless it is whole; {external} is the run's id
    page: str = ""  # pointer to the link in a reply
    search: Search | None = None
    status: str = ""  # path that tells about one run
    states: States | None = None
    reads: str = ""  # the key without which a run cannot be followed
    together: Together = nothing
    login: Login | None = None

    def start(self, entry: Entry, trigger: Trigger) -> Taking:
        """Look for a run of this trigger, where the target has no key; else ask for one."""
        if self.search:
            wanted = run_id(trigger) if self.search.by_run else trigger.id
            run = yield from self._found(self.search, entry, self._address(self.external, entry, trigger), wanted)
            if isinstance(run, Again):
                return run
            if run is not None:
                return self._started(entry, trigger, run)
        body, content_type = self.body(entry, trigger)
        more = self.more(entry, trigger) if self.more else {}
        headers = {**self.headers, **more, "content-type": content_type}
        reply = yield Request("POST", self._address(self.path, entry, trigger), body, headers)
        return self._taken(entry, trigger, reply)

    def follow(self, entry: Entry, external_id: str) -> Following:
        """Ask for the run's state, or look for it among the others."""
        if self.states is None or (self.reads and not entry.text(self.reads)):
            return None
        if self.status:
            path = self._below(self.status, entry, external_id)
            reply = yield Request("GET", path, headers=dict(self.headers))
            return _state(self.states, reply)
        assert self.search, "a run that has states is asked for, or searched"
        run = yield from self._found(self.search, entry, external_id, external_id.rpartition("/")[2])
        if run is None:
            return Again("the run is not to be seen yet")
        return run if isinstance(run, Again) else self.states.read(run)

    def _taken(self, entry: Entry, trigger: Trigger, reply: Reply) -> Taken:
        if reply.status in self.repeated:
            return self._started(entry, trigger, None)
        if reply.status not in self.taken:
            return declined(reply)
        if self.identify and not word(reply.document, self.identify) and self.search:
            return unclear(reply)  # asking again does no harm: the run will be found
        return self._started(entry, trigger, reply.document)

    def _started(self, entry: Entry, trigger: Trigger, run: object) -> Started:
        """What is known of a run that was taken: by the reply, by the list, or by our own id alone."""
        ours = self._address(self.external, entry, trigger)
        external = quote(word(run, self.identify), safe="/:") if self.identify else ours
        page = word(run, self.page) if self.page else ""
        page = page if page.startswith(("https://", "http://")) else ""  # a page of ours will make a link of it
        link = self._address(self.link, entry, trigger, external) if self.link and external else page
        return Started(external, entry.text("url") + link if link.startswith("/") else link)

    def _found(self, search: Search, entry: Entry, external_id: str, wanted: str) -> Finding:
        """The run that holds the id; None where there is none, or where we may not look."""
        path = self._below(search.path, entry, external_id)
        reply = yield Request("GET", path, headers=dict(self.headers))
        if reply.status != 200:
            answer = declined(reply)
            return answer if isinstance(answer, Again) and reply.status != 403 else None
        several = found(reply.document, search.several)
        runs = several if isinstance(several, list) else []
        return next((run for run in runs if search.fits(found(run, search.inside), wanted)), None)

    def _address(self, template: str, entry: Entry, trigger: Trigger, external: str = "") -> str:
        """A path, a link or an id, with the entry's keys and their places filled."""
        known = fields(trigger)
        parts = {key: segment(entry.text(key), known).replace("%2F", self.slash) for key in self.keys}
        return _filled(template, {**parts, "run": run_id(trigger), "external": external, "id": plain(trigger.id)})

    def _below(self, template: str, entry: Entry, external_id: str) -> str:
        """A path to a run that has been started: its trigger is not at hand any more."""
        before, _, behind = external_id.rpartition("/")
        parts = {key: quote(entry.text(key), safe="").replace("%2F", self.slash) for key in self.keys}
        return _filled(template, {**parts, "0": quote(before, safe="/%:+"), "1": quote(behind, safe="%:+")})


def run_id(trigger: Trigger) -> str:
    """Our id of the run: `driftline-` and the trigger's, in small letters and digits; at most 58 characters."""
    if re.fullmatch(r"[0-9a-z]{1,48}", trigger.id):
        return f"driftline-{trigger.id}"
    return f"driftline-{hashlib.blake2b(trigger.id.encode(), digest_size=16).hexdigest()}"


def _filled(template: str, parts: Mapping[str, str]) -> str:
    return PLACE.sub(lambda place: parts.get(place[1], place[0]), template)


def _state(states: States, reply: Reply) -> Followed:
    if reply.status == 200:
        return states.read(reply.document)
    answer = declined(reply)
    return Again(answer.why) if isinstance(answer, Refused) else answer
