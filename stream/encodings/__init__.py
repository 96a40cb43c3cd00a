"""Bytes become a Batch: one file per encoding of the records, and what they share.

- Either encoding: decoder. One event a record: json, and by hand rescue, documents. Many: arrow/, packed.
- What is decoded: schema, structs, taken, times, identity; answers of several values: several, ranked.
"""
