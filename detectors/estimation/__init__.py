"""How good a model probably is, before any label has come.

- What is said: estimate, fieller (intervals of ratios); afterwards: reconciliation.
- Two classes: basis, binary, confusion, ranking. Several: classes, class_metrics, ranked_classes, softmax.
- Numbers: inputs, loss.
"""
