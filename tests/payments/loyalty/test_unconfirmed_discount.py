"""Discounts that SEQR may not know: after a killed process, a lost answer or a refusal."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from payments.models import CaseKind, Invoice, MoneyCase
from payments.receipts.document import content_of, has_receipt, receipt_of_payment
from payments.recovery import find_work
from payments.refunds.refund import refundable_now
from tests.payments.loyalty.steps import (
    CLUB_CARD,
    UNKNOWN_CARD,
    answer_cards,
    answer_without_response,
    seqr_state,
    shop_state,
    waiting_invoice,
)
from tests.payments.steps import (
    event_names,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

D = Decimal
UNCONFIRMED = (D("40.50"), True, 1)
CONFIRMED = (D("40.50"), False, 1)
DROPPED = (D("45.00"), False, 0)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("club_hook")]


@pytest.fixture
def invoice(sandbox: SandboxProcess) -> Invoice:
    """Return an invoice for 45.00 SEK that waits for the answer to CLUB_CARD."""
    return waiting_invoice(sandbox)


def answer_due_cards() -> None:
    """Answer the cards that recovery finds."""
    for invoice_id in find_work().loyalty_answers_due:
        answer_cards(Invoice.objects.get(pk=invoice_id))


def test_discount_that_seqr_did_not_get_is_sent_by_recovery_without_hook(
    sandbox: SandboxProcess, settings: Settings, invoice: Invoice
) -> None:
    """As after a process that was killed before updateInvoice."""
    answer_without_response(sandbox, invoice, "refuse")
    before = (shop_state(invoice), seqr_state(sandbox, invoice)[:2])
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.raises"

    answer_due_cards()

    assert before == (UNCONFIRMED, ("PENDING_ISSUER_ACKNOWLEDGE", "45.00"))
    assert shop_state(invoice) == CONFIRMED
    assert seqr_state(sandbox, invoice) == ("ISSUED", "40.50", [1])


def test_discount_with_lost_response_is_confirmed_by_recovery(
    sandbox: SandboxProcess, invoice: Invoice
) -> None:
    answer_without_response(sandbox, invoice, "drop")
    before = shop_state(invoice)

    answer_due_cards()

    assert before == UNCONFIRMED
    assert shop_state(invoice) == CONFIRMED
    assert find_work().loyalty_answers_due == []
    assert seqr_state(sandbox, invoice) == ("ISSUED", "40.50", [1])


def test_discount_with_lost_response_is_confirmed_by_lower_amount_paid(
    sandbox: SandboxProcess, invoice: Invoice
) -> None:
    answer_without_response(sandbox, invoice, "drop")
    sandbox.pay(reference(invoice))

    refresh(invoice)

    assert shop_state(invoice) == CONFIRMED
    assert (order_state(invoice), MoneyCase.objects.count()) == ("paid", 0)


def test_discount_that_seqr_did_not_get_is_dropped_by_full_amount_paid(
    sandbox: SandboxProcess, invoice: Invoice
) -> None:
    answer_without_response(sandbox, invoice, "refuse")
    sandbox.pay(reference(invoice))

    refresh(invoice)

    assert shop_state(invoice) == DROPPED
    assert (order_state(invoice), MoneyCase.objects.count()) == ("paid", 0)
    assert event_names(invoice)[-2:] == ["discount_dropped", "payment_confirmed"]
    assert content_of(receipt_of_payment(invoice.pk)).total == D("45.00")
    assert refundable_now(invoice.pk) == D("45.00")


@pytest.mark.parametrize(
    ("is_answered", "amount", "expected"),
    [(False, "39.00", UNCONFIRMED), (True, "45.00", CONFIRMED)],
)
def test_any_other_amount_paid_opens_case(
    sandbox: SandboxProcess,
    invoice: Invoice,
    is_answered: bool,
    amount: str,
    expected: tuple[Decimal, bool, int],
) -> None:
    if is_answered:
        answer_cards(invoice)
    else:
        answer_without_response(sandbox, invoice, "refuse")
    sandbox.pay(reference(invoice))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"receipt_amount": amount})

    refresh(invoice)

    assert MoneyCase.objects.get().kind == CaseKind.AMOUNT_DIFFERS
    assert shop_state(invoice) == expected
    assert order_state(invoice) == "needs_attention"


def test_unconfirmed_discount_paid_without_known_amount_opens_case_and_has_no_receipt(
    sandbox: SandboxProcess, invoice: Invoice
) -> None:
    answer_without_response(sandbox, invoice, "drop")
    sandbox.pay(reference(invoice))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"receipt": False})

    refresh(invoice)

    assert MoneyCase.objects.get().summary.startswith("SEQR's receipt has no amount")
    assert (order_state(invoice), reloaded(invoice).paid_amount) == ("needs_attention", None)
    assert not has_receipt(reloaded(invoice))
    assert find_work().receipts_to_submit == []


def test_discount_refused_by_seqr_is_dropped_and_card_answered(
    sandbox: SandboxProcess, invoice: Invoice
) -> None:
    sandbox.fault("updateInvoice", "result_code", code=49, count=1)

    answer_cards(invoice)

    assert seqr_state(sandbox, invoice) == ("ISSUED", "45.00", [99])
    assert shop_state(invoice) == DROPPED
    assert event_names(invoice)[3:] == [
        "loyalty_card_recognised",
        "loyalty_answer_refused",
        "discount_dropped",
        "loyalty_cards_answered",
    ]


def test_answer_is_sent_again_after_payment_in_progress(
    sandbox: SandboxProcess, invoice: Invoice
) -> None:
    sandbox.act(reference(invoice), "hold")
    answer_cards(invoice)
    during_payment = shop_state(invoice)
    sandbox.act(reference(invoice), "release")

    answer_cards(invoice)

    assert during_payment == UNCONFIRMED
    assert seqr_state(sandbox, invoice) == ("ISSUED", "40.50", [1])


def test_refused_settings_keep_discount_and_open_case_until_accepted(
    sandbox: SandboxProcess, invoice: Invoice
) -> None:
    sandbox.fault("updateInvoice", "result_code", code=92, count=1)
    answer_cards(invoice)
    before = (shop_state(invoice), find_work().loyalty_answers_due)

    answer_cards(invoice)

    case = MoneyCase.objects.get()
    assert before == (UNCONFIRMED, [invoice.pk])
    assert (case.key, case.closing_reason) == (
        f"{invoice.terminal_id} updateInvoice code 92",
        "SEQR has accepted updateInvoice since",
    )


def test_eight_concurrent_workers_send_same_answer(sandbox: SandboxProcess) -> None:
    invoice = waiting_invoice(sandbox, UNKNOWN_CARD, CLUB_CARD)

    run_concurrently(8, lambda: answer_cards(invoice))
    answer_cards(invoice)

    assert seqr_state(sandbox, invoice) == ("ISSUED", "40.50", [99, 1])
    assert shop_state(invoice) == CONFIRMED
    assert event_names(invoice).count("loyalty_card_recognised") == 1
