"""What a key may hold, declared once beside the key: how its text is read, and its bounds."""

from typing import Annotated

from msgspec import Meta

# `reads` names the function in `stream.config.reading.scalars` that understands the text.
Duration = Annotated[int, Meta(gt=0, extra={"reads": "duration"})]  # ns
DurationOrNone = Annotated[int, Meta(ge=0, extra={"reads": "duration"})]  # ns; 0s switches it off
Size = Annotated[int, Meta(gt=0, extra={"reads": "size"})]  # bytes
Count = Annotated[int, Meta(gt=0)]
Few = Annotated[int, Meta(ge=0, lt=400)]  # 0 switches it off
Couples = Annotated[int, Meta(ge=0, lt=65)]  # features, of which there are at most 2,016 pairs; 0 switches it off
Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Inner = Annotated[float, Meta(gt=0, lt=1)]
Text = Annotated[str, Meta(min_length=1)]
Topic = Annotated[str, Meta(extra={"reads": "topic"})]
Name = Annotated[str, Meta(extra={"reads": "name"})]
Bootstrap = Annotated[str, Meta(extra={"reads": "bootstrap"})]
Listen = Annotated[str, Meta(extra={"reads": "listen"})]
Memory = Annotated[str, Meta(extra={"reads": "memory"})]  # as DuckDB writes it
Secret = Annotated[str, Meta(extra={"reads": "secret", "hidden": True})]  # never the secret itself
Tree = Annotated[object, Meta(extra={"tree": True})]  # whatever was written: another program's values
Persistence = Annotated[str, Meta(extra={"reads": "persistence"})]  # `3 of 5 windows`
Cron = Annotated[str, Meta(extra={"reads": "cron"})]  # five fields, UTC
Tag = Annotated[str, Meta(extra={"reads": "tag"})]  # key=value; empty: none
Called = Annotated[str, Meta(extra={"reads": "called"})]  # with ${version} in it
Moment = Annotated[int, Meta(extra={"reads": "moment"})]  # ns
