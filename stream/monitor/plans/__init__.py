"""Which columns of a version are counted, and how.

Plans come from files, or are learned from a first stretch (onboarding, learning); another version is promoted
(promoting), another reference is given by a control (referring).
"""
