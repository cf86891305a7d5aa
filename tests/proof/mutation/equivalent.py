"""Faults that change nothing a test could see, each with its reason.

A sample leaves them out. `new` is the line with the fault.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Equivalent:
    """A line that a fault may produce in a file without any effect."""

    file: str
    new: str
    reason: str


EQUIVALENT: tuple[Equivalent, ...] = ()
