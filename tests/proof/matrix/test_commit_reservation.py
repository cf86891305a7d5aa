"""commitReservation."""

import pytest
from django.test import Client
from django.urls import reverse

from payments.models import Invoice, InvoiceStatus
from tests.payments.steps import event_names, issued_invoice, order_state, reference, reloaded
from tests.proof.matrix.faults import (
    CODE_93,
    CONNECT_TIME_OUT,
    KEPT_CONNECTION_DIES,
    REFUSED,
    Fault,
    each_fault,
)
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, ask_about_each, cases
from tests.staff import shown_messages, superuser

OPERATION = "commitReservation"
S = InvoiceStatus
pytestmark = pytest.mark.django_db


def not_taken(world: World, invoice: Invoice, clerk: Client, words: str) -> None:
    """The clerk reads “Not taken”; the amount stays reserved, and the button may be pressed again
    at once.
    """
    assert words.startswith("Not captured (commitReservation: ")
    assert world.left() == int(world.fault.leaves)
    assert (reloaded(invoice).status, reloaded(invoice).capture_lease_until) == (S.RESERVED, None)
    assert event_names(invoice)[-1] == "capture_failed"

    world.clear_faults()

    assert take(clerk, invoice) == "Captured and paid."
    is_taken_once(world, invoice)


def perhaps_taken(world: World, invoice: Invoice, clerk: Client, words: str) -> None:
    """The clerk reads that it is not known. Nothing is sent again by itself, and the button refuses
    until the lease is over; SEQR is asked each second. It still says RESERVED, so nothing was
    taken, and the button takes it, once.
    """
    assert words.startswith("It is not known whether the amount was captured (commitReservation: ")
    assert world.left() == 1
    assert reloaded(invoice).status == S.RESERVED
    assert event_names(invoice)[-1] == "capture_outcome_unknown"

    world.clear_faults()

    assert take(clerk, invoice).startswith("A capture is running, or SEQR's answer was lost.")
    world.go_on()
    assert (reloaded(invoice).status, world.arrived(OPERATION)) == (S.RESERVED, 0)
    assert take(clerk, invoice) == "Captured and paid."
    is_taken_once(world, invoice)


def found_by_asking(world: World, invoice: Invoice, _clerk: Client, words: str) -> None:
    """The answer is lost, but SEQR is asked right after and says PAID. The clerk reads “Taken, and
    paid.”
    """
    assert words == "Captured and paid."
    assert (world.left(), world.arrived(OPERATION)) == (1, 0)
    assert "capture_outcome_unknown" in event_names(invoice)

    is_taken_once(world, invoice)


NOT_DONE_FOR_SURE = [REFUSED, CONNECT_TIME_OUT, CODE_93]
TAKEN = [fault for fault in all_but() if fault.is_done]
EXPECTED = Expected(
    OPERATION,
    {
        not_taken: NOT_DONE_FOR_SURE,
        found_by_asking: TAKEN,
        perhaps_taken: all_but(*NOT_DONE_FOR_SURE, *TAKEN),
    },
)


@each_fault
def test_what_is_reserved_is_taken_once(world: World, fault: Fault) -> None:
    invoice = reserved_invoice(world)
    clerk = superuser()
    world.strike(OPERATION, after="getPaymentStatus")

    words = take(clerk, invoice)

    EXPECTED.of(fault)(world, invoice, clerk, words)


def not_even_sent(world: World, invoice: Invoice, clerk: Client, words: str) -> None:
    """The clerk reads “Not captured: SEQR does not confirm the reservation”: only the
    question was sent. The button may be pressed again at once.
    """
    assert words.startswith("Not captured: SEQR does not confirm the reservation (")
    assert (reloaded(invoice).status, reloaded(invoice).capture_lease_until) == (S.RESERVED, None)
    assert "capture_started" not in event_names(invoice)
    assert world.sandbox.calls(OPERATION) == []

    world.clear_faults()

    assert take(clerk, invoice) == "Captured and paid."
    is_paid_once(world, invoice)


def asked_at_once(world: World, invoice: Invoice, _clerk: Client, words: str) -> None:
    """libcurl asks again by itself, on a new connection, and the amount is taken."""
    assert words == "Captured and paid."

    is_paid_once(world, invoice)


ASKING_BEFORE = Expected(
    "getPaymentStatus, before a commitReservation",
    {not_even_sent: all_but(KEPT_CONNECTION_DIES), asked_at_once: [KEPT_CONNECTION_DIES]},
)


@each_fault
def test_nothing_is_taken_where_seqr_does_not_say_what_is_reserved(
    world: World, fault: Fault
) -> None:
    invoice = reserved_invoice(world)
    clerk = superuser()
    world.strike("getPaymentStatus")

    words = take(clerk, invoice)

    ASKING_BEFORE.of(fault)(world, invoice, clerk, words)


def reserved_invoice(world: World) -> Invoice:
    """An invoice whose 45.00 SEK are reserved at SEQR, as we know."""
    invoice = issued_invoice()
    world.sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "RESERVED"})
    ask_about_each()
    return reloaded(invoice)


def take(clerk: Client, invoice: Invoice) -> str:
    """Press the button and agree; return what is told."""
    page = reverse("admin:payments_invoice_capture", args=[invoice.pk])
    return shown_messages(clerk.post(page, {"amount": "45.00"}))[-1]


def is_taken_once(world: World, invoice: Invoice) -> None:
    assert world.arrived(OPERATION) + int(world.fault.is_done) == 1
    is_paid_once(world, invoice)


def is_paid_once(world: World, invoice: Invoice) -> None:
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    at_seqr = world.sandbox.invoice(reference(invoice))
    assert (at_seqr["status"], at_seqr["paid_amount"]) == ("PAID", "45.00")
    assert cases() == []
