"""One YAML file: what it may say, what it means, and every mistake in it at once.

- From the text to settings: parse, by way of reading/ and checking/; mistakes.
- What can be said: settings, and its sections/; cron, panes, units; where secrets are.
- What it means, in words and numbers: telling/. What influences results, in one name: digest.
"""
