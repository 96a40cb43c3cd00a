"""Airflow 3: a run of a DAG, or an event of an asset.

https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html. Traps of 3.3.2: `logical_date` must be
there, and lists of asset events answer 500 now and then.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from msgspec import Struct

from sinks.dispatch.target import Started, Trigger
from sinks.dispatch.targets.plans.bodies import PARAMETERS, as_json, parameters
from sinks.dispatch.targets.plans.exchange import Following, Request, Taking, declined, found, unclear, word
from sinks.dispatch.targets.plans.keys import REACHED, SECRET, Entry, Key
from sinks.dispatch.targets.plans.login import Login, Secrets
from sinks.dispatch.targets.plans.row import Row, States, Together, run_id


def signed_in(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """A user and a password go together, and stand in the place of a token."""
    if ("username" in values) != ("password" in values):
        yield ("username" if "username" in values else "password"), "username and password together"
    if "token" in values and "username" in values:
        yield "token", "either a token, or a user and a password"


def _log_in(entry: Entry, secrets: Secrets) -> Request:
    body, content_type = as_json({"username": entry.text("username"), "password": secrets["password"]})
    return Request("POST", "/auth/token", body, {"content-type": content_type})


LOGIN = Login(when=lambda entry: bool(entry.text("username")), request=_log_in)
KEYS = {
    "url": Key("url", "the address of Airflow, such as https://airflow.example.com", needed=True),
    "token": Key("secret", SECRET),
    "username": Key("text", "a user"),
    "password": Key("secret", SECRET),
    "parameters": PARAMETERS,
    **REACHED,
}


def _conf(entry: Entry, trigger: Trigger) -> dict[str, object]:
    """What the run reads as its configuration: the trigger's data, unless the entry says something else."""
    return parameters(entry, trigger) if entry.values["parameters"] else {**trigger.data, "trigger_id": trigger.id}


def _run(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    note = f"driftline: {trigger.reason} of {trigger.model} {trigger.version}, incident {trigger.incident}"
    conf = _conf(entry, trigger)
    return as_json({"dag_run_id": run_id(trigger), "logical_date": None, "conf": conf, "note": note[:1000]})


DAG_RUN = Row(
    keys={**KEYS, "dag": Key("template", "the id of a DAG, such as retrain or retrain_${model}", needed=True)},
    path="/api/v2/dags/{dag}/dagRuns",
    body=_run,
    keyed=True,
    repeated=frozenset({409}),
    external="{dag}/{run}",
    link="/dags/{dag}/runs/{run}",
    status="/api/v2/dags/{0}/dagRuns/{1}",
    states=States("state", succeeded=frozenset({"success"}), failed=frozenset({"failed"})),
    together=signed_in,
    login=LOGIN,
)


class AssetEvent(Struct, frozen=True):
    """An event of an asset, which starts whatever is scheduled by it: several runs, or none."""

    keys: Mapping[str, Key]
    keyed: bool = False
    together: Together = signed_in
    login: Login | None = LOGIN

    def start(self, entry: Entry, trigger: Trigger) -> Taking:
        """Look up the asset's number, look whether this trigger's event is there, else add it."""
        name = entry.text("asset")
        reply = yield Request("GET", f"/api/v2/assets?{urlencode({'uri_pattern': name, 'limit': 100})}")
        if reply.status != 200:
            return declined(reply)
        assets = found(reply.document, "assets")
        fitting = [each for each in assets if word(each, "uri") == name] if isinstance(assets, list) else []
        number = word(fitting[0], "id") if fitting else ""
        if not number.isdigit():
            return unclear(reply)  # the DAG that declares the asset may not have been read yet
        query = urlencode({"asset_id": number, "order_by": "-timestamp", "limit": 100})
        reply = yield Request("GET", f"/api/v2/assets/events?{query}")
        if reply.status != 200:
            return declined(reply)
        earlier = found(reply.document, "asset_events")
        for event in earlier if isinstance(earlier, list) else []:
            if word(event, "extra.trigger_id") == trigger.id:
                return _event(entry, number, event)
        extra = {**_conf(entry, trigger), "trigger_id": trigger.id}
        body, content_type = as_json({"asset_id": int(number), "extra": extra})
        reply = yield Request("POST", "/api/v2/assets/events", body, {"content-type": content_type})
        return _event(entry, number, reply.document) if reply.status in {200, 201} else declined(reply)

    def follow(self, entry: Entry, external_id: str) -> Following:  # noqa: ARG002 - as the other kinds have it
        """What an asset's event starts is not to be foreseen."""
        yield from ()
        return None


def _event(entry: Entry, number: str, event: object) -> Started:
    return Started(f"{number}/{word(event, 'id')}", f"{entry.text('url')}/assets/{number}")


ASSET_EVENT = AssetEvent(
    {**KEYS, "asset": Key("text", "the URI of an asset, such as drift://driftline/fraud", needed=True)}
)
