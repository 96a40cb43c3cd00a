"""Triggers that start real runs in real systems."""
