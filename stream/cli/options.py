"""Options that several commands share."""

from pathlib import Path

import rich_click as click

FILE = click.argument("file", required=False, type=click.Path(path_type=Path))
CONFIG = click.option("-c", "--config", "file", type=click.Path(path_type=Path), help="The configuration.")
TOPIC = click.option(
    "--topic", "topics", multiple=True, help="A topic of predictions, instead of a file. May be repeated."
)
LABELS = click.option("--labels", multiple=True, help="A topic of labels, instead of a file. May be repeated.")
BOOTSTRAP = click.option("--bootstrap", default="", help="HOST:PORT of Kafka; overrides the file.")
JSON = click.option("--json", "as_json", is_flag=True, help="The same as JSON, for a program.")
NAME = click.option("--name", default="", help="Which of `monitors.names` this is, where several share the models.")
