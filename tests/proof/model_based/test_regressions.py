"""Runs in which this proof was once wrong itself, in their shortest form."""

import pytest

from tests.proof.model_based.actions import ACTS
from tests.proof.model_based.invariants import Watch
from tests.proof.model_based.ledgers import read_books
from tests.proof.model_based.machine import BEGINNINGS, Step
from tests.proof.model_based.quiesce import come_to_rest
from tests.proof.model_based.simulation import World

pytestmark = pytest.mark.django_db(transaction=True)


def holds(world: World, *steps: Step) -> None:
    """Take the steps and come to rest; the promises hold all the time."""
    watch = Watch(world)
    for step in steps:
        ACTS[step.do](world, step.who, step.which)
        watch.look(read_books(world))
    come_to_rest(world, watch)


def test_staff_settle_a_refund_by_what_seqr_did_and_not_by_what_it_answered(
    world: World,
) -> None:
    world.sandbox.fault("refundPayment", "empty", count=1, takes_effect=True)

    holds(world, *BEGINNINGS["refund asked for"], Step("worker sends a refund"))


def test_once_a_payment_was_taken_back_staff_ask_about_the_orders_other_bill_too(
    world: World,
) -> None:
    holds(
        world,
        *BEGINNINGS["two payments"],
        Step("seqr notifies"),
        Step("seqr notifies", which=1),  # of the second payment, which is not asked about then
        Step("seqr takes a payment back"),
        Step("seqr notifies"),
    )
