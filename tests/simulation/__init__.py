"""Seeded worlds: a log, faults and a clock; the outcome must equal the fault-free run."""
