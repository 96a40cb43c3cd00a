"""A real Airflow with the DAGs of examples/airflow: a trigger that comes three times is one run, seen to its end."""

import asyncio
import json
from pathlib import Path
from time import monotonic

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Target
from tests.integration.kafka import RealKafka
from tests.integration.running import Driftline, taken
from tests.real.airflow_server import PASSWORD, USER, asked, runs, said, target, token
from tests.real.programs import free_port, until
from tests.sinks.dispatch.entries import RUN, trigger


async def followed(own: Target, external_id: str) -> object:
    """The end of a run, within two minutes."""
    async with asyncio.timeout(120):
        while isinstance(state := await own.follow(external_id), Running | Again):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    return state


def finished(url: str, dag: str, mine: str) -> list[str]:
    """What the task `trained` has said in all runs of a DAG, if all of them are over."""
    own = runs(url, dag, mine)
    if not all(each["state"] == "success" for each in own):
        return []
    return [words for each in own for words in said(url, dag, each["dag_run_id"], "trained", mine)]


def test_three_repeats_of_a_trigger_are_one_run_that_succeeds(airflow: str) -> None:
    """Airflow refuses the second and the third; the run reads the trigger."""

    async def story() -> tuple[list[object], object]:
        own = target(airflow, dag="retrain")
        answers = [await own.start(trigger()) for _ in range(3)]
        end = await followed(own, f"retrain/{RUN}")
        await own.close()
        return list(answers), end

    answers, end = asyncio.run(story())
    assert [Started(f"retrain/{RUN}", f"{airflow}/dags/retrain/runs/{RUN}")] * 3 == answers
    assert Ended(succeeded=True) == end
    mine = token(airflow)
    (run,) = [each for each in runs(airflow, "retrain", mine) if each["dag_run_id"] == RUN]
    assert "drift" == run["conf"]["reason"]
    expected = "fraud retrained on 2026-11-01T00:00:00Z to 2026-11-20T17:00:00Z because of drift"
    assert expected == said(airflow, "retrain", RUN, "trained", mine)


def test_events_of_an_asset_are_added_once_and_acted_on_once(airflow: str) -> None:
    """Three triggers, three times each: found among the events. Airflow itself would leave two of them lying."""
    ids = ["a1", "a2", "a3"]

    async def story() -> list[object]:
        own = target(airflow, kind="airflow_asset", asset="drift://driftline/fraud")
        answers: list[object] = []
        async with asyncio.timeout(60):
            for each in [*ids, *ids, *ids]:
                # Lists of events answer 500 while a run is being made.
                while isinstance(answer := await own.start(trigger(id=each)), Again):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                answers.append(answer)
        await own.close()
        return answers

    answers = asyncio.run(story())
    assert all(isinstance(each, Started) for each in answers), answers
    assert answers[:3] * 3 == answers
    mine = token(airflow)
    events = asked(airflow, "assets/events?limit=100", mine)["asset_events"]
    assert ids == sorted(each["extra"]["trigger_id"] for each in events if "trigger_id" in each["extra"])
    expected = "fraud retrained on 2026-11-01T00:00:00Z to 2026-11-20T17:00:00Z because of drift"
    until(lambda: len(finished(airflow, "retrain_by_asset", mine)) >= len(ids), 120)
    assert [expected] * len(ids) == finished(airflow, "retrain_by_asset", mine)


def test_a_dag_reads_the_topic_itself(airflow: str, broker: RealKafka) -> None:
    """Three triggers, one of them twice: however they share runs, each is acted on once."""
    mine = token(airflow)
    models = {"k1": "fraud", "k2": "churn", "k3": "price"}

    def message(each: str) -> bytes:
        told = trigger(id=each)
        return json.dumps({**json.loads(told.raw), "data": {**told.data, "model": models[each]}}).encode()

    broker.publish("driftline.triggers", map(message, ("k1", "k2", "k2", "k3")))

    def why() -> str:
        events = asked(airflow, "assets/events?limit=100", mine)["asset_events"]
        kept = [each["extra"]["payload"][:80] for each in events if "payload" in each["extra"]]
        return f"runs {runs(airflow, 'retrain_from_kafka', mine)}, events {kept}"

    until(lambda: len(finished(airflow, "retrain_from_kafka", mine)) >= len(models), 180, why)
    expected = sorted(f"{model} retrained because of drift" for model in models.values())
    assert expected == sorted(finished(airflow, "retrain_from_kafka", mine))


FILE = """
kafka: {{bootstrap: "{bootstrap}", create_topics: true}}
topics: {{triggers: real.triggers, outcomes: real.outcomes, dead_letters: real.dead-letters}}
dispatch:
  listen: 127.0.0.1:{port}
  targets:
    - {{kind: airflow, url: "{url}", dag: retrain, username: {user}, password: env:PASSWORD, networks: [127.0.0.1/32]}}
"""


def test_triggers_on_the_topic_are_finished_runs_though_the_dispatcher_is_killed(
    airflow: str, broker: RealKafka, tmp_path: Path
) -> None:
    """From Kafka through `driftline dispatch` into Airflow: as many runs as triggers, and their ends on the topic."""
    broker.create_topic("real.triggers")
    ids = [f"d{i}" for i in range(4)]
    file = FILE.format(bootstrap=broker.bootstrap, url=airflow, user=USER, port=(port := free_port()))
    own = Driftline(
        tmp_path / "one", "driftline.yaml", file=file, environment={"PASSWORD": PASSWORD}, command="dispatch"
    )
    own.port = port
    mine = token(airflow)

    def states() -> dict[str, str]:
        return {each["dag_run_id"]: each["state"] for each in runs(airflow, "retrain", mine)}

    def publish() -> None:
        broker.publish("real.triggers", [trigger(id=each, model=f"model-{each}").raw for each in ids])

    began = monotonic()
    with own.running():
        until(own.ready, 60)
        publish()
        until(lambda: "driftline-d0" in states(), 60)
        own.kill()
    with own.running():
        until(own.ready, 60)
        publish()  # and everything once more
        until(lambda: all(states().get(f"driftline-{each}") == "success" for each in ids), 180)
        told = {
            (event["data"]["trigger"], event["data"]["state"])
            for each in taken(
                broker, "real.outcomes", 3 * len(ids), told_apart=lambda one: json.loads(one.value())["id"]
            )
            for event in [json.loads(each.value() or b"{}")]
        }
        assert 0 == own.stop()
    assert {(each, state) for each in ids for state in ("accepted", "started", "succeeded")} == told
    assert [f"driftline-{each}" for each in ids] == sorted(run for run in states() if run.startswith("driftline-d"))
    assert monotonic() - began < 300
    assert PASSWORD not in own.said


def test_a_wrong_password_waits_and_a_missing_dag_does_not(airflow: str) -> None:
    """The one can be put right while the trigger waits; the other is a mistake of the configuration."""

    async def story(own: Target) -> object:
        answer = await own.start(trigger(id="404"))
        await own.close()
        return answer

    assert isinstance(asyncio.run(story(target(airflow, "not it", dag="retrain"))), Again)
    assert isinstance(asyncio.run(story(target(airflow, dag="nonesuch"))), Refused)
