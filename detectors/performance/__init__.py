"""How good a model is, from cells that add up and subtract."""
