"""sendInvoice."""

import pytest

from payments import tasks
from payments.models import Invoice, InvoiceStatus
from payments.recovery import find_work
from tests.payments.steps import (
    event_names,
    issued_invoice,
    new_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, cases, customer_reads

S = InvoiceStatus
pytestmark = pytest.mark.django_db


def sent_again(world: World, invoice: Invoice) -> None:
    """The invoice stays SENDING, its lease given back; the customer reads “One moment”. The task
    sends it again within seconds, then each sweep, until its lifetime is over. What SEQR made of a
    lost one has a reference that nobody is ever shown, so nobody can pay it.
    """
    left = world.left()
    assert left == int(world.fault.leaves)
    assert (reloaded(invoice).status, reloaded(invoice).lease_until) == (S.SENDING, None)
    assert customer_reads(invoice) == "One moment"
    assert event_names(invoice) == ["sending_started", "sending_failed"]
    assert find_work().invoices_to_send == [invoice.pk]

    world.clear_faults()
    world.go_on()

    is_paid_once_by_the_one_that_is_shown(world, invoice)
    assert world.arrived("sendInvoice") == 1
    assert len(world.sandbox.invoices()) == 1 + int(world.fault.is_done)


def sent_twice(world: World, invoice: Invoice) -> None:
    """libcurl sends it again by itself, on a new connection. SEQR has two invoices; the reference
    of the second is the only one that came back, and the only one that is shown.
    """
    assert reloaded(invoice).status == S.ISSUED
    assert event_names(invoice) == ["sending_started", "sent"]
    assert (world.left(), world.arrived("sendInvoice")) == (1, 2)  # with the one that came before

    is_paid_once_by_the_one_that_is_shown(world, invoice)


EXPECTED = Expected(
    "sendInvoice",
    {sent_again: all_but(KEPT_CONNECTION_DIES), sent_twice: [KEPT_CONNECTION_DIES]},
)


@each_fault
def test_an_invoice_is_sent_until_it_has_a_reference_and_paid_once(
    world: World, fault: Fault
) -> None:
    if fault is KEPT_CONNECTION_DIES:
        issued_invoice()  # so that there is a connection to keep
    invoice = new_invoice()
    world.strike("sendInvoice")

    tasks.send_invoice.apply((invoice.pk,), retries=2)  # the task's last attempt

    EXPECTED.of(fault)(world, invoice)


def is_paid_once_by_the_one_that_is_shown(world: World, invoice: Invoice) -> None:
    shown = reference(reloaded(invoice))
    assert shown == world.sandbox.invoices()[-1]["invoice_reference"]
    world.sandbox.pay(shown)
    world.go_on()

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert event_names(invoice).count("payment_confirmed") == 1
    at_seqr = {each["invoice_reference"]: each["status"] for each in world.sandbox.invoices()}
    assert at_seqr.pop(shown) == "PAID"
    assert "PAID" not in at_seqr.values()
    assert cases() == []
