"""Medians with their range, and percentiles."""

from collections.abc import Sequence
from math import ceil
from statistics import median


def median_and_range(values: Sequence[float], form: str) -> str:
    """Return the median, with minimum and maximum where there are several values."""
    middle = form.format(median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def percentile(values: Sequence[float], part: float) -> float:
    """Return the percentile of a fraction such as 0.99."""
    return sorted(values)[max(0, ceil(part * len(values)) - 1)]
