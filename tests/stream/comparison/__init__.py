"""Two files beside each other."""
