"""Files: references in Parquet, CSV and JSON lines, and logs of events to replay."""

from stream.files.logs import Log, logs, records, size
from stream.files.paths import FileProblem
from stream.files.references import columns, integers, reference_file, table, write_plan

__all__ = [
    "FileProblem",
    "Log",
    "columns",
    "integers",
    "logs",
    "records",
    "reference_file",
    "size",
    "table",
    "write_plan",
]
