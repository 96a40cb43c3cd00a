"""The table of targets: what may stand under `kind`."""

from sinks.dispatch.targets.airflow import ASSET_EVENT, DAG_RUN
from sinks.dispatch.targets.ci import GITHUB, GITLAB, JENKINS
from sinks.dispatch.targets.commanding import COMMAND, Command
from sinks.dispatch.targets.hooks import HTTP, WEBHOOK
from sinks.dispatch.targets.mlflow import MLFLOW
from sinks.dispatch.targets.pipelines import AZURE_ML, KUBEFLOW, METAFLOW, VERTEX
from sinks.dispatch.targets.row import Kind
from sinks.dispatch.targets.sagemaker import SAGEMAKER

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
