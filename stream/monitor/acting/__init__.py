"""What follows from what is found.

- What is found, and how policies hear it: findings, noticed, sighted, concern.
- What they decide at closes: deciding, and with labels: labelling; the message that asks for a retraining: triggers.
- What people say: controlled, asked; what dispatchers say of runs: running.
"""
