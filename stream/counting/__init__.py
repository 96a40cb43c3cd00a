"""Events are judged and counted: batches of columns become sums of panes.

- Each event's fate, by its time: ingest, fates; how far partitions have come: clocks; spans of event time: windows.
- Sums: fold, sums; uniform samples: sample, drawn.
- Fields that nobody watches: unwatched; of many names only some: fewest.
"""
