"""What models say, a file per kind: matched pairs become cells, cells become metrics, and shares that are judged.

- What a kind can do: kind; which one a model has: chosen.
- Kinds: binary, classes, numbers, lists; texts and blocks are how they are laid out.
- Beside their metrics: apart, ranked, own. For estimates: probable, teaching.
"""
