"""submitPaymentReceipt."""

import pytest

from payments import tasks
from payments.models import Invoice
from payments.receipts.document import has_receipt
from tests.payments.steps import event_names, paid_invoice, reference, reloaded
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, cases

OPERATION = "submitPaymentReceipt"
pytestmark = pytest.mark.django_db


def submitted_again(world: World, invoice: Invoice) -> None:
    """The payment is untouched, and the customer has the receipt on the success page. SEQR is given
    the same document again after 5 s, then ever more seldom, at least once an hour; it may then
    have it twice, which SEQR allows. Only refusals are counted and end it, and this is none.
    """
    assert world.left() in (int(world.fault.leaves), 2)  # libcurl may have sent it again
    waiting = reloaded(invoice)
    assert (waiting.receipt_accepted_at, waiting.receipt_refusals) == (None, 0)
    assert has_receipt(waiting)
    assert event_names(invoice)[-1] == "receipt_deferred"
    world.clear_faults()
    tasks.run_recovery()
    assert reloaded(invoice).receipt_accepted_at is None

    world.go_on(seconds=5)

    is_accepted(world, invoice, arrived=1)


def submitted_twice(world: World, invoice: Invoice) -> None:
    """libcurl sends it again by itself, on a new connection. SEQR has the same receipt twice."""
    is_accepted(world, invoice, arrived=1)


EXPECTED = Expected(
    OPERATION,
    {submitted_again: all_but(KEPT_CONNECTION_DIES), submitted_twice: [KEPT_CONNECTION_DIES]},
)


@each_fault
def test_a_receipt_is_accepted_in_the_end(world: World, fault: Fault) -> None:
    invoice = paid_invoice(world.sandbox)
    world.strike(OPERATION)

    tasks.submit_receipt(invoice.pk)

    EXPECTED.of(fault)(world, invoice)


def is_accepted(world: World, invoice: Invoice, *, arrived: int) -> None:
    assert reloaded(invoice).receipt_accepted_at is not None
    assert event_names(invoice).count("receipt_accepted") == 1
    assert world.arrived(OPERATION) == arrived
    assert world.sandbox.invoice(reference(invoice))["receipts"]
    world.go_on(seconds=4000)
    assert world.arrived(OPERATION) == arrived
    assert cases() == []
