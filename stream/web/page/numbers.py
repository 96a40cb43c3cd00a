"""Numbers as the page writes them: three digits, and in words where there is none."""


def number(value: float | None) -> str:
    """`0.912`, or `unknown`."""
    return "unknown" if value is None else f"{value:.3g}"


def with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """`0.912 (0.894 to 0.93)`."""
    return f"{number(value)} ({number(low)} to {number(high)})"
