"""Tests of the measures of performance."""
