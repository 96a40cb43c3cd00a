"""Do intervals and verdicts keep what they promise? Seeded runs: `python -m tests.honesty.<name>` prints a table."""
