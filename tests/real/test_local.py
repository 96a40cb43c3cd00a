"""Programs that really retrain on this machine: DVC, Metaflow, a Kubeflow pipeline; and AWS as moto plays it."""

import asyncio
import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sinks.dispatch.target import Ended, Running, Started, Target
from sinks.dispatch.targets import open_target
from sinks.dispatch.targets.plans.exchange import Reply
from tests.integration.stub import stub
from tests.real.install import installed
from tests.real.programs import environment, free_port, server
from tests.sinks.dispatch.entries import ID, RUN, answering, driven, trigger

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(scope="module")
def programs() -> Path:
    """The folder with all of them."""
    return installed("programs")


async def ended(own: Target, external_id: str) -> object:
    """The end of a run, within three minutes."""
    async with asyncio.timeout(180):
        while isinstance(state := await own.follow(external_id), Running):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return state


def ran(entry: dict[str, Any], env: dict[str, str]) -> object:
    """What became of a program that a trigger started."""

    async def story() -> object:
        own = open_target(entry, env)
        try:
            assert Started(RUN) == await own.start(trigger())
            return await ended(own, RUN)
        finally:
            await own.close()

    return asyncio.run(story())


def test_dvc_runs_an_experiment_that_is_named_by_the_trigger(programs: Path, tmp_path: Path) -> None:
    """The entry of docs/targets.md on examples/dvc; DVC itself refuses the same name a second time."""
    work = tmp_path / "models"
    shutil.copytree(EXAMPLES / "dvc", work)
    who = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"}
    env = environment("programs", tmp_path, **who)
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"], ["git", "add", "-A"], ["git", "commit", "-qm", "x"]):
        subprocess.run(command, cwd=work, env=env, check=True, capture_output=True)
    command = [
        "dvc",
        "exp",
        "run",
        "-n",
        "driftline-${id}",
        "-S",
        "trigger.id=${id}",
        "-S",
        "trigger.fresh_to=${fresh_to}",
    ]
    entry: dict[str, Any] = {"kind": "command", "command": command, "directory": str(work), "environment": list(who)}
    assert Ended(succeeded=True) == ran(entry, env)
    shown = subprocess.run(["dvc", "exp", "list", "--names-only"], cwd=work, env=env, check=True, capture_output=True)
    assert RUN == shown.stdout.decode().split()[-1]
    assert ID in json.loads((work / "metrics.json").read_text())["asked"]
    again = ran({**entry, "repeated": "conflicts with existing experiment"}, env)
    assert Ended(succeeded=True, why="it had run for this trigger") == again


def test_metaflow_runs_the_flow_of_the_example(programs: Path, tmp_path: Path) -> None:
    """Its parameters come from the trigger."""
    shutil.copy(EXAMPLES / "metaflow" / "flow.py", tmp_path)
    env = environment("programs", tmp_path, METAFLOW_USER="driftline")
    options = ["--model", "${model}", "--reason", "${reason}", "--trigger_id", "${id}", "--fresh_to", "${fresh_to}"]
    command = ["python", "flow.py", "run", *options]
    entry = {"kind": "command", "command": command, "directory": str(tmp_path), "environment": ["METAFLOW_USER"]}
    assert Ended(succeeded=True) == ran(entry, env)
    logs = "".join(path.read_text() for path in (tmp_path / ".metaflow").rglob("*stdout.log"))
    assert "fraud retrained on data up to 2026-11-20T17:00:00Z because of drift" in logs


def test_the_pipeline_of_the_example_runs_with_the_parameters_that_kubeflow_gets(
    programs: Path, tmp_path: Path
) -> None:
    """Compiled by kfp, run by kfp.local: what our request carries is what the pipeline declares."""
    from sinks.dispatch.targets.entry import read
    from sinks.dispatch.targets.systems.pipelines import KUBEFLOW

    own = read({"kind": "kubeflow", "url": "https://k", "pipeline": "p", "experiment": "e"})
    _, asked = driven(KUBEFLOW.start(own, trigger()), answering({}))
    parameters = json.loads(asked[-1].body)["runtime_config"]["parameters"]
    shutil.copy(EXAMPLES / "kubeflow" / "pipeline.py", tmp_path)
    script = (
        "import json, sys\nfrom kfp import local\nfrom pipeline import retrain\n"
        "local.init(local.SubprocessRunner(use_venv=False))\n"
        "print('OUTPUT', retrain(**json.loads(sys.argv[1])).output)\n"
    )
    env = environment("programs", tmp_path)
    command = [str(programs / "python"), "-c", script, json.dumps(parameters)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200, check=False)
    assert not done.returncode, done.stderr[-2000:]
    said = re.search("OUTPUT (.*)", done.stdout)
    assert said
    assert "fraud retrained on 2026-11-01T00:00:00Z to 2026-11-20T17:00:00Z because of drift" == said[1]


def test_a_webhook_is_believed_by_the_library_of_its_standard(programs: Path, tmp_path: Path) -> None:
    """With the secret of the entry; with another one it is not."""
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    with stub() as own:
        own.answer = lambda _: Reply(204)

        async def story() -> object:
            entry = {"kind": "webhook", "url": own.url, "secret": "env:S", "networks": ["127.0.0.1/32"]}
            target = open_target(entry, {"S": secret})
            answer = await target.start(trigger())
            await target.close()
            return answer

        assert isinstance(asyncio.run(story()), Started)
        (request,) = own.asked
    (tmp_path / "body").write_bytes(request.body)
    script = (
        "import json, pathlib, sys\nfrom standardwebhooks import Webhook\n"
        "print(Webhook(sys.argv[1]).verify(pathlib.Path('body').read_bytes(), json.loads(sys.argv[2]))['id'])\n"
    )

    env = environment("programs", tmp_path)

    def believed(own_secret: str) -> subprocess.CompletedProcess[str]:
        command = [str(programs / "python"), "-c", script, own_secret, json.dumps(request.headers)]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert ID == believed(secret).stdout.strip()
    assert "WebhookVerificationError" in believed("whsec_" + base64.b64encode(b"x" * 24).decode()).stderr


def test_an_execution_starts_at_the_sagemaker_that_moto_plays(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the pipeline of the example, signed by botocore; moto does not know the token that makes a repeat the same."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-west-1"}
    env = environment("programs", tmp_path, **keys)
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    made = [
        str(EXAMPLES / "sagemaker" / "pipeline.py"),
        "arn:aws:iam::123456789012:role/retrainer",
        "image",
        "s3://models",
    ]

    async def story() -> tuple[object, object]:
        networks = ["127.0.0.1/32"]
        entry = {"kind": "sagemaker", "url": url, "region": "eu-west-1", "pipeline": "retrain", "networks": networks}
        own = open_target(entry)
        started = await own.start(trigger())
        assert isinstance(started, Started), started
        state = await own.follow(started.external_id)
        await own.close()
        return started, state

    command = ["moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with server("programs", command, tmp_path, url, **keys) as moto:
        moto.up("/moto-api/", 60)
        made_by = {**env, "AWS_ENDPOINT_URL": url}
        subprocess.run([str(programs / "python"), *made], env=made_by, check=True, capture_output=True)
        started, state = asyncio.run(story())
    assert isinstance(started, Started)
    assert "pipeline/retrain/execution/" in started.external_id
    assert Ended(succeeded=True) == state
