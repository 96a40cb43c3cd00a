"""How a model is served: how fast, how reliably, and how much it is asked."""
