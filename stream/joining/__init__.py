"""Predictions and labels wait for each other, and meet.

- Taken down: desk, with waiting, keyed, seen and spoken; a share of ids: sampling; inputs to learn from: showing.
- The store is asked: meeting. What pairs are measured by: `stream.answers`.
"""
