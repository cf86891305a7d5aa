"""Which outcome each fault has, for one operation: a row of the table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, ParamSpec

from tests.proof.matrix.faults import FAULTS, Fault

Checked = ParamSpec("Checked")
Outcome = Callable[Checked, None]


@dataclass(frozen=True)
class Expected(Generic[Checked]):
    """The outcomes of one operation, or of one way to come to it. Each fault has exactly one.

    An outcome is a function that asserts it. Its name is the word in the table, its docstring what
    stands under the table: what the shop holds then, and what it does next.
    """

    operation: str
    faults_of: dict[Outcome[Checked], Iterable[Fault]]

    def __post_init__(self) -> None:
        named = [fault for faults in self.faults_of.values() for fault in faults]
        assert sorted(named, key=FAULTS.index) == list(FAULTS), f"{self.operation}: a fault, once"

    def of(self, fault: Fault) -> Outcome[Checked]:
        """Return the outcome that this fault has."""
        return next(outcome for outcome, faults in self.faults_of.items() if fault in faults)


def all_but(*others: Fault) -> tuple[Fault, ...]:
    """Return every fault but these."""
    return tuple(fault for fault in FAULTS if fault not in others)
