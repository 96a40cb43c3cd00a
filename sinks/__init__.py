"""Memory and voice: what must last, what is shown, who is told."""
