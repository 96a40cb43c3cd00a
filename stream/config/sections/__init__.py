"""Sections of the file as Structs: every key with its default; what a key may hold: kinds.

Of everything: dispatch, hooks, monitors. Of a model: drift, policy, references, segments, spans.
"""
