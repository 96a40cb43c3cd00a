"""Tests of estimates before labels."""
