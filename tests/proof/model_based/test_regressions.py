"""The shortest form of runs in which the model-based test itself was wrong."""

import pytest

from tests.proof.model_based.actions import ACTIONS
from tests.proof.model_based.invariants import InvariantChecker
from tests.proof.model_based.ledgers import read_ledgers
from tests.proof.model_based.machine import SETUPS, Step
from tests.proof.model_based.quiesce import quiesce
from tests.proof.model_based.simulation import Simulation

pytestmark = pytest.mark.django_db(transaction=True)


def run_steps(sim: Simulation, *steps: Step) -> None:
    """Run the steps and let the system become quiescent, checking the invariants."""
    checker = InvariantChecker(sim)
    for step in steps:
        ACTIONS[step.action](sim, step.actor, step.index)
        checker.check(read_ledgers(sim))
    quiesce(sim, checker)


def test_staff_resolves_refund_by_its_effect_at_seqr_not_by_the_answer(
    sim: Simulation,
) -> None:
    sim.sandbox.fault("refundPayment", "empty", count=1, takes_effect=True)

    run_steps(sim, *SETUPS["refund requested"], Step("worker sends refund"))


def test_staff_checks_other_invoice_of_order_after_a_reversal(
    sim: Simulation,
) -> None:
    run_steps(
        sim,
        *SETUPS["two payments"],
        Step("seqr notifies"),
        Step("seqr notifies", index=1),  # of the second payment, which is not queried then
        Step("seqr reverses payment"),
        Step("seqr notifies"),
    )
