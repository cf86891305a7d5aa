"""cancelInvoice."""

import pytest

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.invoices.cancel import cancel_invoice
from payments.models import CancelReason, Invoice, InvoiceStatus
from payments.recovery import find_work
from tests.payments.steps import event_names, issued_invoice, order_state, reference, reloaded
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, cases, customer_reads
from tests.sandbox_process import ControlError

OPERATION = "cancelInvoice"
S = InvoiceStatus
BY_CUSTOMER = ChangeSource(SourceName.CUSTOMER)


pytestmark = pytest.mark.django_db


def asked_then_cancelled(world: World, invoice: Invoice) -> None:
    """The invoice is CANCEL_PENDING; the customer reads “Cancelling”, and the reference is shown no
    more. Each sweep asks SEQR how it stands and, while it is open there, cancels it once more.
    """
    is_wanted_cancelled(world, invoice)

    world.clear_faults()
    world.go_on(seconds=5)

    is_cancelled(world, invoice)


def cancelled_at_once(world: World, invoice: Invoice) -> None:
    """libcurl sends it again by itself, and SEQR's 95 (already cancelled) confirms it."""
    assert (world.left(), world.arrived(OPERATION)) == (1, 1)

    is_cancelled(world, invoice)


ALONE = Expected(
    OPERATION,
    {
        asked_then_cancelled: all_but(KEPT_CONNECTION_DIES),
        cancelled_at_once: [KEPT_CONNECTION_DIES],
    },
)


@each_fault
def test_an_invoice_is_cancelled_in_the_end(world: World, fault: Fault) -> None:
    invoice = issued_invoice()
    world.strike(OPERATION, after="getPaymentStatus")

    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    ALONE.of(fault)(world, invoice)


def found_paid(world: World, invoice: Invoice) -> None:
    """SEQR had not cancelled it, so it can be paid. The poller or the sweep asks and finds PAID:
    the order is paid, and the case “paid although a cancel was wanted” asks a person to serve it or
    to give the money back.
    """
    world.sandbox.pay(reference(invoice))
    world.clear_faults()
    world.go_on(seconds=5)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert event_names(invoice).count("cancel_refused_as_paid") == 1
    assert cases() == ["paid_though_canceled"]
    world.sandbox.advance(25)
    assert world.sandbox.invoice(reference(invoice))["status"] == "PAID"


def cannot_be_paid(world: World, invoice: Invoice) -> None:
    """SEQR had cancelled it, and lets nobody pay it. The next question finds it CANCELED."""
    with pytest.raises(ControlError):
        world.sandbox.pay(reference(invoice))
    world.clear_faults()
    world.go_on(seconds=5)

    is_cancelled(world, invoice)


CANCELLED = [fault for fault in all_but() if fault.is_done]
BESIDE_A_PAYMENT = Expected(
    f"{OPERATION}, and the customer pays all the same",
    {cannot_be_paid: CANCELLED, found_paid: all_but(*CANCELLED)},
)


@each_fault
def test_a_payment_beside_a_lost_cancel_is_never_lost(world: World, fault: Fault) -> None:
    invoice = issued_invoice()
    world.strike(OPERATION, after="getPaymentStatus")
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    BESIDE_A_PAYMENT.of(fault)(world, invoice)


def is_wanted_cancelled(world: World, invoice: Invoice) -> None:
    assert world.left() in (int(world.fault.leaves), 2)  # libcurl may have sent it again
    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCEL_PENDING, "cancel_pending")
    assert customer_reads(invoice) == "Cancelling"
    assert event_names(invoice)[-2:] == ["cancel_requested", "cancel_deferred"]
    assert find_work().invoices_to_cancel == [invoice.pk]


def is_cancelled(world: World, invoice: Invoice) -> None:
    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    assert event_names(invoice)[-1] == "cancel_confirmed"
    assert world.sandbox.invoice(reference(invoice))["status"] == "CANCELED"
    assert cases() == []
