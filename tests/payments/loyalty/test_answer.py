"""Answers to loyalty cards: the discount, the amount paid, the receipt and the history."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName, SubjectType
from payments.invoices.cancel import cancel_invoice
from payments.invoices.create import retry_payment
from payments.invoices.discounts import discounts_of, total_of
from payments.models import CancelReason, InvoiceStatus
from payments.receipts.document import content_of, receipt_of_payment
from payments.recovery import find_work
from payments.refunds.refund import refundable_now
from tests.payments.loyalty.steps import (
    CLUB_CARD,
    UNKNOWN_CARD,
    answer_cards,
    seqr_state,
    shop_state,
    waiting_invoice,
)
from tests.payments.steps import (
    call_count,
    event_names,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
D = Decimal
BY_CUSTOMER = ChangeSource(SourceName.CUSTOMER)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("club_hook")]


def test_known_card_lowers_amount_that_customer_pays(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)

    answer_cards(invoice)
    answered = seqr_state(sandbox, invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    paid = reloaded(invoice)
    assert answered == ("ISSUED", "40.50", [1])
    assert (paid.status, paid.paid_amount, order_state(invoice)) == (S.PAID, D("40.50"), "paid")
    assert shop_state(invoice) == (D("40.50"), False, 1)
    assert refundable_now(invoice.pk) == D("40.50")
    assert event_names(invoice)[2:] == [
        "acknowledgment_awaited",
        "loyalty_card_recognised",
        "loyalty_cards_answered",
        "payment_confirmed",
    ]


def test_receipt_shows_discount_and_vat_of_amount_paid(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer_cards(invoice)
    sandbox.pay(reference(invoice))
    refresh(invoice)

    receipt = content_of(receipt_of_payment(invoice.pk))

    assert [(row.name, row.quantity, row.total) for row in receipt.rows] == [
        ("Kanelbulle", 2, D("45.00")),
        ("Stamkund", None, D("-4.50")),
    ]
    assert receipt.total == D("40.50")
    assert [(line.rate, line.gross, line.vat) for line in receipt.vat_lines] == [
        (D("12.00"), D("40.50"), D("4.34"))
    ]


def test_unknown_card_is_answered_without_discount(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox, CLUB_CARD | {"value": "another card"})

    answer_cards(invoice)

    assert seqr_state(sandbox, invoice) == ("ISSUED", "45.00", [99])
    assert shop_state(invoice) == (D("45.00"), False, 0)
    assert event_names(invoice)[3:] == ["loyalty_card_not_recognised", "loyalty_cards_answered"]


def test_known_card_without_discount_is_used(sandbox: SandboxProcess, settings: Settings) -> None:
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.club_without_discount"
    invoice = waiting_invoice(sandbox)

    answer_cards(invoice)

    assert seqr_state(sandbox, invoice) == ("ISSUED", "45.00", [1])
    assert shop_state(invoice) == (D("45.00"), False, 0)


def test_first_known_of_several_cards_is_used(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox, UNKNOWN_CARD, CLUB_CARD)

    answer_cards(invoice)

    assert seqr_state(sandbox, invoice) == ("ISSUED", "40.50", [99, 1])
    assert reloaded(invoice).loyalty_scheme == "CLUB"


def test_invoice_without_hook_does_not_wait(sandbox: SandboxProcess, settings: Settings) -> None:
    settings.LOYALTY_HOOK = ""

    invoice = waiting_invoice(sandbox)

    assert invoice.status == S.ISSUED
    assert "NO_ACKNOWLEDGMENT" in sandbox.calls("sendInvoice")[-1]["request"]


def test_pending_loyalty_card_is_answered_after_hook_is_removed(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    invoice = waiting_invoice(sandbox)
    settings.LOYALTY_HOOK = ""

    answer_cards(invoice)

    assert seqr_state(sandbox, invoice) == ("ISSUED", "45.00", [99])


def test_answered_card_is_not_answered_again(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer_cards(invoice)

    answer_cards(invoice)
    refresh(invoice)
    answer_cards(invoice)

    assert call_count(sandbox, "updateInvoice") == 1
    assert event_names(invoice)[3:] == [
        "loyalty_card_recognised",
        "loyalty_cards_answered",
        "issued_again",
    ]
    assert find_work().loyalty_answers_due == []


def test_invoice_being_cancelled_gets_no_discount(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    answer_cards(invoice)

    assert call_count(sandbox, "updateInvoice") == 0
    assert reloaded(invoice).status == S.CANCELED


def test_payment_retried_after_cancel_is_over_full_amount(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)
    answer_cards(invoice)
    sandbox.act(reference(invoice), "cancel")
    refresh(invoice)

    retried = retry_payment(invoice.order.customer_id, invoice.order.public_id, BY_CUSTOMER)

    assert retried.amount == D("45.00")
    assert total_of(reloaded(invoice)) == D("45.00")
    assert discounts_of(reloaded(invoice)) == []


def test_history_names_scheme_and_discounted_amount(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox)

    answer_cards(invoice)

    event = AuditEvent.objects.get(subject_type=SubjectType.INVOICE, name="loyalty_card_recognised")
    assert event.detail == "40.50 SEK to pay; the card's scheme: CLUB"


def test_card_after_one_for_which_the_hook_fails_is_used(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.fails_for_others"
    invoice = waiting_invoice(sandbox, UNKNOWN_CARD, CLUB_CARD)

    answer_cards(invoice)

    assert seqr_state(sandbox, invoice) == ("ISSUED", "40.50", [99, 1])
    assert "loyalty_hook_failed" in event_names(invoice)
