"""docs/tables.md, written from the declarations."""

from itertools import chain

from sinks.commit import OUTBOXES, TABLES, Keep, Table
from sinks.duck.schema import SQL, VERSION
from sinks.duck.views import VIEWS, View

_INTRODUCTION = f"""\
# Tables

What driftline keeps in its DuckDB file (`store.path`), schema version {VERSION}. This page is written from the
declarations in `sinks/commit` by `python -m sinks.duck.document`; a test holds the two together.

While the service runs, the file is its own: ask it over HTTP, or read what `driftline export` writes as Parquet. Open
the file itself (`duckdb driftline.duckdb`) when the service is stopped.

- The first column of every table is `commit`: the number of the transaction that wrote the row; `commits` says when.
- Times are event time, UTC, without a zone, to the microsecond; lengths and clocks are integers of nanoseconds.
- An undefined number (a distance of an empty window, a mean of categories) is NULL.
- `end`, `offset` and `limit` are words of SQL: write them in double quotes.
- `detail`, `cells`, `fields`, `body` are JSON where they say so: `body::JSON->>'$.key'`; bytes: `decode(body)::JSON`.

Rows are only ever added and deleted, never changed. `distances`, `windows`, `performance` and `predictions` are
views too: their rows lie in `distances_rows` and so on, with their texts as numbers of `words`, because there are so
many of them.
"""

_KEEPS: dict[Keep, str] = {
    "newest": "Only the rows of the newest commit that wrote the table count; older ones are deleted in passing.",
    "panes": "Kept as long as an open window can ask for it.",
    "earlier": "Kept as long as a window can be compared with it, see docs/references.md.",
    "waiting": "Kept as long as a label can ask for it: `labels.within`, and two days or the longest window.",
    "answered": "Kept as long as a prediction can ask for it: twice `labels.within`, and a day.",
    "history": "Kept for `store.keep`.",
    "always": "Kept for good.",
}


def document() -> str:
    """The whole page, as Markdown."""
    views = chain.from_iterable(_view(view) for view in VIEWS)
    tables = chain.from_iterable(_table(table) for table in TABLES)
    return "\n".join(
        [
            _INTRODUCTION,
            "## Views for people\n",
            *views,
            "## Tables\n",
            *tables,
            "### commits\n",
            "Every transaction, newest last: `number` BIGINT, `written_at` TIMESTAMP (wall clock, UTC).\n",
            "### schema\n",
            "One row, `version` INTEGER. A driftline of another version refuses the file and names both.",
            "",
        ]
    )


def _view(view: View) -> list[str]:
    return [f"### {view.name}\n", f"{view.doc}\n", f"```sql{view.example}```\n"]


def _table(table: Table) -> list[str]:
    sentences = [_KEEPS[table.keep]]
    sentences += [f"Goes by `{table.time}`."] * bool(table.time) + ["Stays until it was sent."] * (table in OUTBOXES)
    keep = " ".join(sentences)
    return [
        f"### {table.name}\n",
        f"{table.doc}\n",
        f"One row per {', '.join(f'`{name}`' for name in table.key)}. {keep}\n",
        "| column | type | what it holds |",
        "|---|---|---|",
        *(
            f"| `{column.name}` | {SQL[column.kind]} | {column.doc.replace('|', chr(92) + '|')} |"
            for column in table.columns
        ),
        "",
    ]


if __name__ == "__main__":
    from pathlib import Path

    Path("docs/tables.md").write_text(document(), encoding="utf-8")
