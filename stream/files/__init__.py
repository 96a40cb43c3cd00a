"""Files: references in Parquet, CSV and JSON lines, and logs of events to replay.

- What a file is, and how it is read: paths, database, fields.
- References: references, provenance, mlmodel.
- Logs: logs, of lines and rows. A stream in a folder: captures, capturing, captured, kept.
"""

from stream.files.logs import Log, logs
from stream.files.paths import FileProblem, folder_at, text_of
from stream.files.references import columns, integers, reference_file, table, write_plan

__all__ = [
    "FileProblem",
    "Log",
    "columns",
    "folder_at",
    "integers",
    "logs",
    "reference_file",
    "table",
    "text_of",
    "write_plan",
]
