"""A pipeline that driftline's `sagemaker` target runs: `python pipeline.py ROLE_ARN IMAGE s3://BUCKET/models` makes it.

Its parameters are those that driftline gives where the entry names none. A pipeline with others needs `parameters:`
there, because SageMaker refuses parameters that a pipeline does not have; each has at most 1,024 characters.
"""

import json
import sys

NAME = "retrain"
PARAMETERS = ("model", "model_version", "reason", "trigger_id", "fresh_from", "fresh_to")


def definition(role: str, image: str, output: str) -> str:
    """One step, whose image finds the trigger in /opt/ml/input/config/hyperparameters.json."""
    train = {
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "HyperParameters": {name: {"Get": f"Parameters.{name}"} for name in PARAMETERS},
        "OutputDataConfig": {"S3OutputPath": output},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    return json.dumps(
        {
            "Version": "2020-12-01",
            "Parameters": [{"Name": name, "Type": "String"} for name in PARAMETERS],
            "Steps": [{"Name": "Train", "Type": "Training", "Arguments": train}],
        }
    )


def main(role: str, image: str, output: str) -> None:
    """Make the pipeline."""
    import boto3

    made = boto3.client("sagemaker").create_pipeline(
        PipelineName=NAME, PipelineDefinition=definition(role, image, output), RoleArn=role
    )
    print(made["PipelineArn"])


if __name__ == "__main__":
    main(*sys.argv[1:])
