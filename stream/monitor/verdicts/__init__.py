"""Windows are judged.

- All that end together, in their order: closing.
- A p-value for each series, and the level it is held to: layout, judging, levels, teaching, differing.
- How large changes are: distances, effects; since when, and why: tracing.
- Detectors of panes: sequential, stepping.
- What else is judged: beside, attributed, coupled, selected, tested.
- References that move: earlier; what may not enter them: disturbed.
"""
