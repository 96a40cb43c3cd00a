"""How the laws are tried: few enough examples for the fast suite, no deadline on a busy machine."""

from hypothesis import settings

settings.register_profile("laws", max_examples=50, deadline=None)
settings.load_profile("laws")
