"""A figure beside its limit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Something measured, and the most that it may be."""

    what: str
    value: float
    limit: float
    unit: str

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "PASS" if self.kept else "FAIL"
        return f"{verdict}  {self.what}: {self.value:.3g}{self.unit} (at most {self.limit:g}{self.unit})"
