"""Systems that build: GitHub, GitLab, Jenkins."""

import msgspec

from sinks.dispatch.target import Trigger
from sinks.dispatch.targets.plans.bodies import PARAMETERS, as_form, as_json, texts
from sinks.dispatch.targets.plans.exchange import found, word
from sinks.dispatch.targets.plans.keys import REACHED, SECRET, Entry, Key
from sinks.dispatch.targets.plans.row import Row, Search, States
from sinks.dispatch.targets.plans.templates import fields, text, whole

PAYLOAD_MAX = 60_000  # GitHub takes 65,535 characters of client_payload
TOKEN = Key("secret", SECRET)


def _repository_dispatch(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    """At most ten properties may stand in a payload: all is below one. Too much of it, and the evidence stays away."""
    event = whole(trigger)
    if len(msgspec.json.encode(event)) > PAYLOAD_MAX and isinstance(event, dict):
        event = {
            "id": trigger.id,
            "data": {name: trigger.data.get(name) for name in ("reason", "incident", "fresh_data")},
        }
    name = text(entry.text("event"), fields(trigger))[:100]
    return as_json({"event_type": name, "client_payload": {"trigger": event}})


# https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event
GITHUB = Row(
    keys={
        "url": Key("url", "the address of the API", "https://api.github.com"),
        "repository": Key("text", "owner/name", needed=True),
        "event": Key("template", "an event type, at most 100 characters", "driftline-retrain"),
        "token": Key("secret", SECRET, needed=True),
        **REACHED,
    },
    path="/repos/{repository}/dispatches",
    slash="/",
    body=_repository_dispatch,
    headers={"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"},
    taken=frozenset({204}),
    external="{id}",
    # A dispatch answers nothing: its run is known by the trigger's id in its `run-name`.
    search=Search(
        "/repos/{repository}/actions/runs?event=repository_dispatch&per_page=100", "workflow_runs", "display_title"
    ),
    page="html_url",
    states=States(
        "conclusion",
        frozenset({"success"}),
        frozenset(
            {"failure", "cancelled", "timed_out", "action_required", "neutral", "skipped", "stale", "startup_failure"}
        ),
    ),
)


def _variables(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    return as_json({"ref": entry.text("ref"), "variables": texts(entry, trigger)})


# https://docs.gitlab.com/ci/triggers/
GITLAB = Row(
    keys={
        "url": Key("url", "the address of GitLab", "https://gitlab.com"),
        "project": Key("text", "the id of a project, or group/project", needed=True),
        "ref": Key("text", "a branch or a tag", "main"),
        "trigger_token": Key("secret", SECRET, needed=True),
        "token": TOKEN,  # reads the pipeline's state
        "parameters": PARAMETERS,
        **REACHED,
    },
    path="/api/v4/projects/{project}/trigger/pipeline",
    body=_variables,
    taken=frozenset({201}),
    identify="id",
    page="web_url",
    status="/api/v4/projects/{project}/pipelines/{1}",
    states=States("status", frozenset({"success"}), frozenset({"failed", "canceled", "skipped"})),
    reads="token",
)


def _build(entry: Entry, trigger: Trigger) -> tuple[bytes, str]:
    """With the trigger's id whatever the entry says: by it the build is found again."""
    return as_form(list({**texts(entry, trigger), "trigger_id": trigger.id}.items()))


def _parameter(actions: object, wanted: str) -> bool:
    """Whether one of a build's parameters is the trigger's id."""
    several = [found(action, "parameters") for action in actions] if isinstance(actions, list) else []
    parameters = [each for each in several if isinstance(each, list)]
    pairs = [(word(each, "name"), word(each, "value")) for group in parameters for each in group]
    return ("trigger_id", wanted) in pairs


# https://www.jenkins.io/doc/book/using/remote-access-api/; with an API token no crumb is asked for
JENKINS = Row(
    keys={
        "url": Key("url", "the address of Jenkins", needed=True),
        "job": Key("template", "the name of a job, folder/name where it is in one", needed=True),
        "username": Key("text", "a user", needed=True),
        "password": Key("secret", f"an API token: {SECRET}", needed=True),
        "parameters": PARAMETERS,
        **REACHED,
    },
    path="/job/{job}/buildWithParameters",
    slash="/job/",
    body=_build,
    taken=frozenset({200, 201, 303}),
    external="{job}/{id}",
    search=Search(
        "/job/{0}/api/json?tree=builds%5Burl,result,building,actions%5Bparameters%5Bname,value%5D%5D%5D%7B0,50%7D",
        "builds",
        "actions",
        fits=_parameter,
    ),
    link="/job/{job}/",
    states=States("result", frozenset({"SUCCESS"}), frozenset({"FAILURE", "UNSTABLE", "ABORTED", "NOT_BUILT"})),
)
