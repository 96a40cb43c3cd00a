"""Any receiver: a signed webhook, or a request that the entry spells out."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sinks.dispatch.target import Trigger
from sinks.dispatch.targets.plans.bodies import as_json
from sinks.dispatch.targets.plans.exchange import Following, Taking
from sinks.dispatch.targets.plans.keys import REACHED, SECRET, Entry, Key
from sinks.dispatch.targets.plans.login import Login
from sinks.dispatch.targets.plans.row import Row, States, Together
from sinks.dispatch.targets.plans.templates import fields, filled, plain, text, whole

TAKEN = frozenset({200, 201, 202, 204})
EVENT = "application/cloudevents+json"


def _event(_entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    """The message itself, byte for byte."""
    return trigger.raw, EVENT


def _identity(_entry: Entry, trigger: Trigger) -> dict[str, str]:
    return {"webhook-id": plain(trigger.id)}


# https://github.com/standard-webhooks/standard-webhooks: signed by `signed` of signatures.py
WEBHOOK = Row(
    keys={
        "url": Key("url", "an address such as https://hooks.example.com/retrain", needed=True),
        "secret": Key(
            "secret", f"a secret that both sides know, as it is or as whsec_ and base64: {SECRET}", needed=True
        ),
        "token": Key("secret", SECRET),
        **REACHED,
    },
    path="",
    body=_event,
    more=_identity,
    taken=TAKEN,
    external="{id}",
)


def _body(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    tree = entry.values.get("body")
    return as_json(filled(tree, fields(trigger)) if isinstance(tree, dict) else whole(trigger))


def _headers(entry: Entry, trigger: Trigger) -> dict[str, str]:
    """Header lines out of the entry; a line break in a field cannot begin another one."""
    headers = entry.values.get("headers")
    assert isinstance(headers, dict)
    lines = {name: text(value, fields(trigger)) for name, value in headers.items()}
    return {name: "".join(char if " " <= char < "\x7f" else "_" for char in line) for name, line in lines.items()}


def _follow_keys(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """A run can be followed where its id, its address and its states are known."""
    given = [key for key in ("status", "state", "succeeded", "failed") if key in values]
    if given and len(given) < 4:
        yield given[0], "status, state, succeeded and failed together"
    if ("username" in values) != ("password" in values):
        yield ("username" if "username" in values else "password"), "username and password together"


ROW = Row(
    keys={
        "url": Key("url", "an address such as https://trainer.example.com", needed=True),
        "path": Key("template", "what follows the address, such as /runs/${id}"),
        "headers": Key("headers", "a mapping of headers, without authorization and host", {}),
        "body": Key("tree", "a mapping, with places such as ${model}; left out: the whole trigger", None),
        "keyed": Key("flag", "true where a repeated trigger is refused by its id, else false", default=False),
        "taken": Key("codes", "a list of statuses such as [200, 201]", tuple(sorted(TAKEN))),
        "repeated": Key("codes", "a list of statuses such as [409]", ()),
        "run": Key("text", "where the id of the run stands in the reply, such as run.id"),
        "link": Key("text", "where a link stands in the reply, such as run.url"),
        "status": Key("text", "a path that tells about the run {external}, such as /runs/{external}"),
        "state": Key("text", "where the state stands in that reply, such as run.state"),
        "succeeded": Key("names", "a list of states", ()),
        "failed": Key("names", "a list of states", ()),
        "token": Key("secret", SECRET),
        "username": Key("text", "a user"),
        "password": Key("secret", SECRET),
        **REACHED,
    },
    path="{path}",
    slash="/",
    body=_body,
    more=_headers,
    external="{id}",
    together=_follow_keys,
)


class Spelled(Struct, frozen=True):
    """A row that the entry itself writes."""

    keys: Mapping[str, Key]
    keyed: bool = False
    together: Together = _follow_keys
    login: Login | None = None

    def start(self, entry: Entry, trigger: Trigger) -> Taking:
        """As the row that the entry spells starts a run."""
        return _row(entry).start(entry, trigger)

    def follow(self, entry: Entry, external_id: str) -> Following:
        """As the row that the entry spells follows a run."""
        return _row(entry).follow(entry, external_id)


def _row(entry: Entry) -> Row:
    values = entry.values
    states = States(entry.text("state"), frozenset(entry.names("succeeded")), frozenset(entry.names("failed")))
    return replace(
        ROW,
        taken=_statuses(values["taken"]),
        repeated=_statuses(values["repeated"]),
        identify=entry.text("run"),
        page=entry.text("link"),
        status=entry.text("status").replace("{external}", "{1}"),
        states=states if entry.text("status") else None,
    )


def _statuses(value: object) -> frozenset[int]:
    assert isinstance(value, tuple)
    return frozenset(value)


HTTP = Spelled(ROW.keys)
