"""MLflow: a run for each trigger with the evidence as metrics, and a tag on the version of the model. REST alone."""

import re
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from msgspec import Struct

from sinks.dispatch.target import Again, Refused, Started, Trigger
from sinks.dispatch.targets.plans.bodies import as_json
from sinks.dispatch.targets.plans.exchange import Following, Reply, Request, Taking, declined, found, unclear, word
from sinks.dispatch.targets.plans.keys import REACHED, SECRET, Entry, Key
from sinks.dispatch.targets.plans.login import Login
from sinks.dispatch.targets.plans.row import Together, run_id
from sinks.dispatch.targets.plans.templates import fields, text, worded
from sinks.dispatch.targets.systems.airflow import signed_in

API = "/api/2.0/mlflow/"
KEY_MAX, VALUE_MAX = 250, 5_000  # characters of the names and values of tags and metrics
METRICS_MAX = 1_000  # of one batch
Asking = Generator[Request, Reply, str | Again | Refused]


KEYS = {
    "url": Key("url", "the address of MLflow, such as https://mlflow.example.com", needed=True),
    "experiment": Key("template", "the name of an experiment", "drift-monitor/${model}"),
    "registered_model": Key("template", "the name of a registered model whose version is tagged", "${model}"),
    "token": Key("secret", SECRET),
    "username": Key("text", "a user"),
    "password": Key("secret", SECRET),
    **REACHED,
}


class Recording(Struct, frozen=True):
    """What a trigger was for, kept beside the model's training runs. It starts nothing: there is nothing to follow."""

    keys: Mapping[str, Key]
    keyed: bool = False
    together: Together = signed_in
    login: Login | None = None

    def start(self, entry: Entry, trigger: Trigger) -> Taking:
        """Find or make the experiment and the run; then write, which may be done twice."""
        experiment = yield from _experiment(text(entry.text("experiment"), fields(trigger)))
        if not isinstance(experiment, str):
            return experiment
        run = yield from _run(experiment, trigger)
        if not isinstance(run, str):
            return run
        for request in _writing(entry, trigger, run):
            reply = yield request
            # A version that is not in the registry has no tag; the run says everything all the same.
            if reply.status != 200 and not (reply.status == 404 and request.path.endswith("set-tag")):
                return declined(reply)
        return Started(run, f"{entry.text('url')}/#/experiments/{experiment}/runs/{run}")

    def follow(self, entry: Entry, external_id: str) -> Following:  # noqa: ARG002 - as the other kinds have it
        """Nothing runs."""
        yield from ()
        return None


def _experiment(name: str) -> Asking:
    asked = Request("GET", f"{API}experiments/get-by-name?{urlencode({'experiment_name': name})}")
    reply = yield asked
    if reply.status == 404:
        reply = yield _post("experiments/create", {"name": name})
        if reply.status == 200:
            return word(reply.document, "experiment_id") or unclear(reply)
        if word(reply.document, "error_code") == "RESOURCE_ALREADY_EXISTS":  # somebody was quicker
            reply = yield asked
    if reply.status != 200:
        return declined(reply)
    return word(reply.document, "experiment.experiment_id") or unclear(reply)


def _run(experiment: str, trigger: Trigger) -> Asking:
    run = run_id(trigger)  # letters and digits alone: it stands inside a filter
    wanted = {
        "experiment_ids": [experiment],
        "filter": f"tags.`drift.run` = '{run}'",
        "max_results": 1,
        "run_view_type": "ACTIVE_ONLY",
    }
    reply = yield _post("runs/search", wanted)
    if reply.status != 200:
        return declined(reply)
    if earlier := word(reply.document, "runs.0.info.run_id"):
        return earlier
    tags = {
        "mlflow.source.name": "driftline",
        "drift.run": run,
        "drift.alert_id": trigger.id,
        "drift.incident": trigger.incident,
        "drift.model": trigger.model,
        "drift.model_version": trigger.version,
        "drift.reason": trigger.reason,
        "drift.severity": trigger.severity,
    }
    document = {"experiment_id": experiment, "run_name": run, "start_time": _ms(trigger), "tags": _pairs(tags)}
    reply = yield _post("runs/create", document)
    if reply.status != 200:
        return declined(reply)
    return word(reply.document, "run.info.run_id") or unclear(reply)


def _writing(entry: Entry, trigger: Trigger, run: str) -> Iterator[Request]:
    known = fields(trigger)
    params = {name: worded(known[name]) for name in ("fresh_from", "fresh_to", "reference", "config_digest")}
    batch = {
        "run_id": run,
        "metrics": list(_metrics(trigger)),
        "params": [each for each in _pairs(params) if each["value"]],
        "tags": _pairs({f"drift.evidence.{i}": words for i, words in enumerate(_words(trigger))}),
    }
    yield _post("runs/log-batch", batch)
    name = text(entry.text("registered_model"), known)
    if name and trigger.version:
        for key, value in (("drift.status", "drifted"), ("drift.incident", trigger.incident)):
            tag = {"name": name, "version": trigger.version, "key": key, "value": value}
            yield _post("model-versions/set-tag", tag)
    yield _post("runs/update", {"run_id": run, "status": "FINISHED", "end_time": _ms(trigger)})


def _metrics(trigger: Trigger) -> Iterator[dict[str, object]]:
    """The values of the evidence and their limits: one name each, at the trigger's time, so that twice is once."""
    seen: set[str] = set()
    for piece in _evidence(trigger)[: METRICS_MAX // 2]:
        name = "/".join(filter(None, (word(piece, "detector"), word(piece, "feature"), word(piece, "segment"))))
        for key, value in ((name, found(piece, "value")), (f"{name}/limit", found(piece, "limit"))):
            plain = re.sub(r"[^A-Za-z0-9_\-. /]", "_", key)[:KEY_MAX]
            if plain and plain not in seen and isinstance(value, int | float) and not isinstance(value, bool):
                seen.add(plain)
                yield {"key": plain, "value": value, "timestamp": _ms(trigger), "step": 0}


def _words(trigger: Trigger) -> list[str]:
    return [words for piece in _evidence(trigger)[:20] if (words := word(piece, "words"))]


def _evidence(trigger: Trigger) -> list[object]:
    evidence = trigger.data.get("evidence")
    return evidence if isinstance(evidence, list) else []


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key[:KEY_MAX], "value": value[:VALUE_MAX]} for key, value in values.items()]


def _ms(trigger: Trigger) -> int:
    """The trigger's time: twice the same, where a clock would not be."""
    try:
        moment = datetime.fromisoformat(trigger.time)
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _post(path: str, document: object) -> Request:
    body, content_type = as_json(document)
    return Request("POST", API + path, body, {"content-type": content_type})


MLFLOW = Recording(KEYS)
