"""Detectors that remember, against loops."""
