"""Bytes become a Batch: one file per encoding of the records, and what they share."""
