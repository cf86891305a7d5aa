"""updateInvoice: the answer to a loyalty card."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from payments import tasks
from payments.models import Invoice, InvoiceStatus
from tests.payments.loyalty import hooks
from tests.payments.steps import event_names, issued_invoice, order_state, reference, reloaded
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, customer_heading, open_cases, poll_once

OPERATION = "updateInvoice"
S = InvoiceStatus
MSISDN = "46701234567"
CLUB = {"id": "CLUB", "value": hooks.CARD, "description": "Café club"}
LESS, ALL = Decimal("40.50"), Decimal("45.00")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _club(settings: Settings) -> None:
    """Use a loyalty hook that discounts 45.00 by 4.50 for one card."""
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.club"


def repeated(scenario: Scenario, invoice: Invoice) -> None:
    """The discount is recorded and marked as unconfirmed; the loyalty hook is not called again.
    Each recovery queries the invoice and repeats updateInvoice until SEQR accepts it.
    """
    is_unconfirmed(scenario, invoice)

    scenario.clear_faults()
    scenario.recover_after(seconds=5)

    is_paid_with_the_discount(scenario, invoice)


def repeated_by_libcurl(scenario: Scenario, invoice: Invoice) -> None:
    """libcurl repeats the call by itself on a new connection, with the same content."""
    assert (scenario.faulty_calls(), scenario.answered_calls(OPERATION)) == (1, 1)

    is_paid_with_the_discount(scenario, invoice)


WITHOUT_PAYMENT = Expected(
    OPERATION,
    {repeated: all_except(KEPT_CONNECTION_DIES), repeated_by_libcurl: [KEPT_CONNECTION_DIES]},
)


@WITHOUT_PAYMENT.each_fault
def test_loyalty_card_is_answered_after_fault(scenario: Scenario, fault: Fault) -> None:
    invoice = waiting_invoice(scenario)
    scenario.inject(OPERATION, after="getPaymentStatus")

    tasks.answer_loyalty_cards(invoice.pk)

    WITHOUT_PAYMENT.of(fault)(scenario, invoice)


def paid_with_discount(scenario: Scenario, invoice: Invoice) -> None:
    """SEQR has applied the discount. Its receipt says the lower sum, which confirms it."""
    is_paid_with_the_discount(scenario, invoice)


def paid_in_full(scenario: Scenario, invoice: Invoice) -> None:
    """SEQR does not know the discount and accepts the payment without our answer. Its receipt says
    the full sum: the discount is dropped, and the order is paid in full.
    """
    scenario.sandbox.pay(reference(invoice))
    poll_once()
    is_paid(scenario, invoice, ALL)
    assert "discount_dropped" in event_names(invoice)
    assert reloaded(invoice).discounts.count() == 0


EXECUTED = [fault for fault in all_except() if fault.takes_effect]
WITH_PAYMENT = Expected(
    f"{OPERATION}, and the customer pays at once",
    {paid_with_discount: EXECUTED, paid_in_full: all_except(*EXECUTED)},
)


@WITH_PAYMENT.each_fault
def test_invoice_with_unconfirmed_discount_is_paid_as_seqr_reports(
    scenario: Scenario, fault: Fault
) -> None:
    invoice = waiting_invoice(scenario)
    scenario.inject(OPERATION, after="getPaymentStatus")
    tasks.answer_loyalty_cards(invoice.pk)
    scenario.clear_faults()

    WITH_PAYMENT.of(fault)(scenario, invoice)


def waiting_invoice(scenario: Scenario) -> Invoice:
    """Return an invoice over 45.00 SEK whose loyalty card waits for an answer."""
    scenario.sandbox.control("POST", "/customers", {"msisdn": MSISDN, "cards": [CLUB]})
    invoice = issued_invoice()
    scenario.sandbox.control("POST", f"/invoices/{reference(invoice)}/open", {"msisdn": MSISDN})
    poll_once()
    return reloaded(invoice)


def is_unconfirmed(scenario: Scenario, invoice: Invoice) -> None:
    # libcurl may have repeated the call.
    assert scenario.faulty_calls() in (int(scenario.fault.is_sent), 2)
    doubtful = reloaded(invoice)
    assert (doubtful.amount, doubtful.discount_unconfirmed) == (LESS, True)
    assert customer_heading(invoice) == "Pay in SEQR"
    assert event_names(invoice)[-2:] == ["loyalty_card_recognised", "loyalty_answer_deferred"]


def is_paid_with_the_discount(scenario: Scenario, invoice: Invoice) -> None:
    scenario.sandbox.pay(reference(invoice))
    poll_once()
    is_paid(scenario, invoice, LESS)
    assert event_names(invoice).count("loyalty_card_recognised") == 1


def is_paid(scenario: Scenario, invoice: Invoice, amount: Decimal) -> None:
    paid = reloaded(invoice)
    assert (paid.status, order_state(invoice)) == (S.PAID, "paid")
    assert (paid.amount, paid.paid_amount, paid.discount_unconfirmed) == (amount, amount, False)
    assert open_cases() == []
