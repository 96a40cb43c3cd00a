"""Speed and memory, as figures measured side by side."""
