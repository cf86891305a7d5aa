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
)
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, open_cases, poll_once
from tests.staff import shown_messages, superuser

OPERATION = "commitReservation"
S = InvoiceStatus
pytestmark = pytest.mark.django_db


def not_captured(scenario: Scenario, invoice: Invoice, clerk: Client, message: str) -> None:
    """The staff member reads that nothing was captured; the amount stays reserved, and the capture
    can be repeated at once.
    """
    assert message.startswith("Not captured (commitReservation: ")
    assert scenario.faulty_calls() == int(scenario.fault.is_sent)
    assert (reloaded(invoice).status, reloaded(invoice).capture_lease_until) == (S.RESERVED, None)
    assert event_names(invoice)[-1] == "capture_failed"

    scenario.clear_faults()

    assert capture(clerk, invoice) == "Captured and paid."
    is_captured_once(scenario, invoice)


def outcome_unknown(scenario: Scenario, invoice: Invoice, clerk: Client, message: str) -> None:
    """The staff member reads that the outcome is unknown. Nothing is sent again automatically, and
    a new capture is refused until the lease ends; SEQR is queried each second. It still reports
    RESERVED, so nothing was captured, and a new capture succeeds once.
    """
    assert message.startswith(
        "It is not known whether the amount was captured (commitReservation: "
    )
    assert scenario.faulty_calls() == 1
    assert reloaded(invoice).status == S.RESERVED
    assert event_names(invoice)[-1] == "capture_outcome_unknown"

    scenario.clear_faults()

    assert capture(clerk, invoice).startswith("A capture is running, or SEQR's answer was lost.")
    scenario.recover_after()
    assert (reloaded(invoice).status, scenario.answered_calls(OPERATION)) == (S.RESERVED, 0)
    assert capture(clerk, invoice) == "Captured and paid."
    is_captured_once(scenario, invoice)


def found_by_query(scenario: Scenario, invoice: Invoice, _clerk: Client, message: str) -> None:
    """The answer is lost, but the query right after it finds PAID. The staff member reads that the
    payment was captured.
    """
    assert message == "Captured and paid."
    assert (scenario.faulty_calls(), scenario.answered_calls(OPERATION)) == (1, 0)
    assert "capture_outcome_unknown" in event_names(invoice)

    is_captured_once(scenario, invoice)


NOT_EXECUTED = [REFUSED, CONNECT_TIME_OUT, CODE_93]
EXECUTED = [fault for fault in all_except() if fault.takes_effect]
EXPECTED = Expected(
    OPERATION,
    {
        not_captured: NOT_EXECUTED,
        found_by_query: EXECUTED,
        outcome_unknown: all_except(*NOT_EXECUTED, *EXECUTED),
    },
)


@EXPECTED.each_fault
def test_reservation_is_captured_once(scenario: Scenario, fault: Fault) -> None:
    invoice = reserved_invoice(scenario)
    clerk = superuser()
    scenario.inject(OPERATION, after="getPaymentStatus")

    message = capture(clerk, invoice)

    EXPECTED.of(fault)(scenario, invoice, clerk, message)


def not_sent(scenario: Scenario, invoice: Invoice, clerk: Client, message: str) -> None:
    """Only the status query was sent, so nothing was captured. The staff member reads why, and the
    capture can be repeated at once.
    """
    assert message.startswith("Not captured: SEQR does not confirm the reservation (")
    assert (reloaded(invoice).status, reloaded(invoice).capture_lease_until) == (S.RESERVED, None)
    assert "capture_started" not in event_names(invoice)
    assert scenario.sandbox.calls(OPERATION) == []

    scenario.clear_faults()

    assert capture(clerk, invoice) == "Captured and paid."
    is_paid_once(scenario, invoice)


def repeated_by_libcurl(scenario: Scenario, invoice: Invoice, _clerk: Client, message: str) -> None:
    """libcurl repeats the call by itself on a new connection, and the amount is captured."""
    assert message == "Captured and paid."

    is_paid_once(scenario, invoice)


QUERY_BEFORE = Expected(
    "getPaymentStatus, before a commitReservation",
    {not_sent: all_except(KEPT_CONNECTION_DIES), repeated_by_libcurl: [KEPT_CONNECTION_DIES]},
)


@QUERY_BEFORE.each_fault
def test_nothing_is_captured_while_status_query_fails(scenario: Scenario, fault: Fault) -> None:
    invoice = reserved_invoice(scenario)
    clerk = superuser()
    scenario.inject("getPaymentStatus")

    message = capture(clerk, invoice)

    QUERY_BEFORE.of(fault)(scenario, invoice, clerk, message)


def reserved_invoice(scenario: Scenario) -> Invoice:
    """Return an invoice with 45.00 SEK reserved at SEQR, and polled."""
    invoice = issued_invoice()
    scenario.sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "RESERVED"})
    poll_once()
    return reloaded(invoice)


def capture(clerk: Client, invoice: Invoice) -> str:
    """Capture in the admin; return the last message shown."""
    page = reverse("admin:payments_invoice_capture", args=[invoice.pk])
    return shown_messages(clerk.post(page, {"amount": "45.00"}))[-1]


def is_captured_once(scenario: Scenario, invoice: Invoice) -> None:
    assert scenario.answered_calls(OPERATION) + int(scenario.fault.takes_effect) == 1
    is_paid_once(scenario, invoice)


def is_paid_once(scenario: Scenario, invoice: Invoice) -> None:
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    at_seqr = scenario.sandbox.invoice(reference(invoice))
    assert (at_seqr["status"], at_seqr["paid_amount"]) == ("PAID", "45.00")
    assert open_cases() == []
