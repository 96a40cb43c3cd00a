"""The dispatcher: triggers in, retraining runs out.

- A trigger, and what becomes of it: message, fate, outcome, letters, patience.
- Where it is done: desk and following, by way of target and ports; teller tells it, together does much at once.
- Systems: targets/. What hosts it all: host/. What it counts: numbers.
"""
