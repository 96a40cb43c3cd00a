"""Other tools, by what they say."""
