"""The service: one process that reads, judges, keeps, shows and tells.

- It begins with service; tiers says what one is made of.
- In: intake, steady, reading, following, listening; when nothing comes: idleness, watchdog.
- Kept: keeping, writing, forgetting. Out: outbox, publishing, speaking; copying (into a capture).
- How it is: observing, trouble.
"""
