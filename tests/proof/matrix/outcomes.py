"""Maps each fault to its expected outcome, for one operation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, ParamSpec

from tests.proof.matrix.faults import FAULTS, Fault

Checked = ParamSpec("Checked")
Outcome = Callable[Checked, None]


@dataclass(frozen=True)
class Expected(Generic[Checked]):
    """The outcomes of one operation, or of one situation in which it is called.

    An outcome is a function that asserts it. Its name is the cell in the table; its docstring
    describes under the table what the shop records and does next. Each fault has exactly one.
    """

    operation: str
    faults_of: dict[Outcome[Checked], Iterable[Fault]]

    def __post_init__(self) -> None:
        named = [fault for faults in self.faults_of.values() for fault in faults]
        assert sorted(named, key=FAULTS.index) == list(FAULTS), (
            f"{self.operation}: each fault exactly once"
        )

    def of(self, fault: Fault) -> Outcome[Checked]:
        """Return the outcome of a fault."""
        return next(outcome for outcome, faults in self.faults_of.items() if fault in faults)


def all_except(*others: Fault) -> tuple[Fault, ...]:
    """Return all faults except these."""
    return tuple(fault for fault in FAULTS if fault not in others)
