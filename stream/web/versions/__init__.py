"""Versions side by side: which two (pair), for programs (beside, gate) and people (abreast).

What they say: sides, tallies; whether traffic is shared as was said: ratio.
"""
