"""How often chance is taken for a fact: seeded runs too long for the fast suite, `python -m tests.honesty.<name>`."""
