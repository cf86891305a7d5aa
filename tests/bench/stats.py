"""Numbers for people: medians with their spread, and percentiles."""

from collections.abc import Sequence
from math import ceil
from statistics import median


def spread(values: Sequence[float], form: str) -> str:
    """Return the median, and the lowest and the highest where there are several."""
    middle = form.format(median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def share(values: Sequence[float], part: float) -> float:
    """Return the value that this part of them (0.5, 0.99) does not exceed."""
    return sorted(values)[max(0, ceil(part * len(values)) - 1)]
