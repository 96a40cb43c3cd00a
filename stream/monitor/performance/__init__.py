"""How good models were, by their labels.

- Told again whenever there is more to say: closing, tell, matured.
- Sums of windows: gathering, gathered; what they say: measuring, numbered, by_class; beside what: standards.
- Segments: groups, fairness; which predictions get labels: selecting; versions side by side: abreast.
- What a policy hears of it: settled.
"""
