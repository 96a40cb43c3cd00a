"""Panes add up.

What their closing makes: closing. Their sums are windows: window, accumulator; those that slide: sliding; what panes
counted, one after the other: courses. How many predictions wait for labels, and what share of ids is kept: pending,
sampler.
"""
