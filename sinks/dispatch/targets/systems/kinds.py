"""The table of targets: what may stand under `kind`."""

from sinks.dispatch.targets.plans.row import Kind
from sinks.dispatch.targets.systems.airflow import ASSET_EVENT, DAG_RUN
from sinks.dispatch.targets.systems.ci import GITHUB, GITLAB, JENKINS
from sinks.dispatch.targets.systems.commanding import COMMAND, Command
from sinks.dispatch.targets.systems.hooks import HTTP, WEBHOOK
from sinks.dispatch.targets.systems.mlflow import MLFLOW
from sinks.dispatch.targets.systems.pipelines import AZURE_ML, KUBEFLOW, METAFLOW, VERTEX
from sinks.dispatch.targets.systems.sagemaker import SAGEMAKER

KINDS: dict[str, Kind | Command] = {
    "airflow": DAG_RUN,
    "airflow_asset": ASSET_EVENT,
    "azure_ml": AZURE_ML,
    "command": COMMAND,
    "github": GITHUB,
    "gitlab": GITLAB,
    "http": HTTP,
    "jenkins": JENKINS,
    "kubeflow": KUBEFLOW,
    "metaflow": METAFLOW,
    "mlflow": MLFLOW,
    "sagemaker": SAGEMAKER,
    "vertex": VERTEX,
    "webhook": WEBHOOK,
}
