"""The dispatcher: its targets and what carries triggers to them."""
