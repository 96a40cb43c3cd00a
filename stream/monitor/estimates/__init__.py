"""How good models probably were, before labels say.

- Step by step: before_labels; what is remembered for it: trust.
- What is learned: learned, examples.
- What follows for a window: by scores (scores, heard), by inputs (errors, weighing).
- As rows: told; whether it was right: truths; what is surely worse: decay.
"""
