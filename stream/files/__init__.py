"""Files: references in Parquet, CSV and JSON lines, and logs of events to replay."""

from stream.files.logs import Log, logs, records, size
from stream.files.paths import FileProblem, folder_at, text_of
from stream.files.references import columns, integers, reference_file, table, write_plan

__all__ = [
    "FileProblem",
    "Log",
    "columns",
    "folder_at",
    "integers",
    "logs",
    "records",
    "reference_file",
    "size",
    "table",
    "text_of",
    "write_plan",
]
