"""More than one machine.

- Partials between them: wire, chain; where they lie: places; who writes and who reads them: gatherer, follower.
- What monitors tell workers: board, boards, sharing.
- Models that move to other monitors: handover, moving.
"""
