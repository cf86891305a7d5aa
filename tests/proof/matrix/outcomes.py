"""Maps each fault to its expected outcome, for one operation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, ParamSpec

import pytest

from tests.grids import TRIES_ALL
from tests.proof.matrix.faults import FAULTS, Fault

Checked = ParamSpec("Checked")
Outcome = Callable[Checked, None]
SAMPLE_STEP: Final = 6


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

    @property
    def each_fault(self) -> pytest.MarkDecorator:
        """The mark of a test: it runs with each fault in `make proof`, with some in `make test`."""
        faults = FAULTS if TRIES_ALL else self.sampled_faults
        return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.name)

    @property
    def sampled_faults(self) -> tuple[Fault, ...]:
        """The first fault of each outcome, and every sixth from one that the operation decides."""
        chosen = {next(iter(faults)) for faults in self.faults_of.values()}
        chosen |= set(FAULTS[len(self.operation) % SAMPLE_STEP :: SAMPLE_STEP])
        return tuple(fault for fault in FAULTS if fault in chosen)


def all_except(*others: Fault) -> tuple[Fault, ...]:
    """Return all faults except these."""
    return tuple(fault for fault in FAULTS if fault not in others)
