"""How good a model probably is, before any label has come."""
