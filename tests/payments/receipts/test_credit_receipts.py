"""Which payments, refunds and reversals get a receipt, and to which receipt a credit belongs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from orders.audit import by_staff
from orders.services import rows_of
from payments.invoices.apply_status import apply_status
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import Invoice, InvoiceStatus, Receipt, Refund, RefundReason, RefundStatus
from payments.receipts.document import (
    content_of,
    content_on_the_day,
    receipt_of_payment,
    stored_receipt,
)
from payments.refund_transitions import transition_refund
from payments.refunds.locks import lock_refund
from payments.refunds.refund import RefundRequest, create_refund
from payments.refunds.send import send_refund
from tests.factories import (
    InvoiceFactory,
    OptionRowFactory,
    OrderFactory,
    OrderRowFactory,
    TipRowFactory,
)
from tests.fault_proxy import FaultProxy
from tests.payments.invoices.test_apply_payments import payment_of
from tests.payments.invoices.test_duplicate_payments import two_payments
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import (
    BY_POLLER,
    invoice_in,
    paid_invoice,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
D = Decimal
pytestmark = pytest.mark.django_db(transaction=True)


def issued(invoice: Invoice) -> list[tuple[int | None, str, Decimal, int | None]]:
    """Return number, kind and amount of an invoice's receipts, and the number that they credit."""
    receipts = Receipt.objects.filter(invoice=invoice).order_by("id")
    return list(receipts.values_list("number", "kind", "amount", "credited__number"))


def invoice_with_a_bun(status: InvoiceStatus) -> Invoice:
    """Return an invoice with this status, whose order has one row."""
    invoice = invoice_in(status)
    OrderRowFactory.create(order=invoice.order)
    return invoice


def apply(invoice: Invoice, status: InvoiceStatus, version: int) -> None:
    """Apply SEQR's answer that the invoice has this status."""
    query = StatusQuery(
        invoice.pk, invoice.terminal_id, "reference", 0, S(invoice.status), invoice.order_id
    )
    apply_status(query, StatusResult(version, status), BY_POLLER, silence=timedelta(0))


def test_executed_refund_gets_a_credit_receipt(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "20.00", clerk)
    before = issued(invoice)

    send_refund(refund.pk)
    send_refund(refund.pk)

    assert before == [(1, "payment", D("45.00"), None)]
    assert issued(invoice) == [*before, (2, "refund", D("20.00"), 1)]
    assert Receipt.objects.get(number=2).refund == refund


def test_rejected_refund_gets_no_receipt(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "20.00", clerk)
    sandbox.fault("refundPayment", "result_code", count=1, code=99)

    send_refund(refund.pk)

    assert Refund.objects.get().status == RefundStatus.REJECTED
    assert len(issued(invoice)) == 1


def test_duplicate_payment_has_a_receipt_and_no_second_one_when_it_pays_the_order(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    paid, duplicate = two_payments(sandbox, seqr_proxy)
    sandbox.control("PUT", f"/invoices/{reference(paid)}", {"status": "CANCELED"})

    refresh(paid)

    assert reloaded(duplicate).status == S.PAID
    assert issued(paid) == [(1, "payment", D("45.00"), None), (3, "reversal", D("45.00"), 1)]
    assert issued(duplicate) == [(2, "payment", D("45.00"), None)]


def test_reversed_payment_is_credited_and_a_later_payment_has_a_receipt_of_its_own() -> None:
    invoice = invoice_in(S.ISSUED)
    apply_status(*payment_of(invoice), BY_POLLER, silence=timedelta(0))

    apply(invoice, S.CANCELED, 2)
    apply_status(*payment_of(invoice, version=3), BY_POLLER, silence=timedelta(0))

    assert issued(invoice) == [
        (1, "payment", D("45.00"), None),
        (2, "reversal", D("45.00"), 1),
        (3, "payment", D("45.00"), None),
    ]


def test_reversal_credits_what_was_not_refunded(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    send_refund(requested_refund(invoice, "20.00", clerk).pk)

    apply(reloaded(invoice), S.CANCELED, 99)

    assert issued(invoice)[1:] == [(2, "refund", D("20.00"), 1), (3, "reversal", D("25.00"), 1)]


def test_reversal_of_a_refunded_payment_credits_nothing_more(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    send_refund(requested_refund(invoice, "45.00", clerk).pk)

    apply(reloaded(invoice), S.CANCELED, 99)

    assert [kind for _, kind, _, _ in issued(invoice)] == ["payment", "refund"]


def test_credit_receipt_of_rows_has_these_rows_and_their_vat(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    row = invoice.order.rows.get()
    request = RefundRequest(D("22.50"), "", "nonce", RefundReason.NOT_GOOD, {row.pk: 1})
    refund, _ = create_refund(invoice.pk, request, by_staff(clerk))

    send_refund(refund.pk)

    content = content_of(stored_receipt(Receipt.objects.get(refund=refund).pk))
    assert [(each.quantity, each.name, each.total) for each in content.rows] == [
        (1, "Kanelbulle", D("-22.50"))
    ]
    assert [(line.rate, line.vat) for line in content.vat_lines] == [(D("12.00"), D("-2.41"))]
    assert content.total == D("-22.50")
    assert content.credited is not None
    assert content.credited.number == 1


def test_receipt_of_a_payment_lists_its_credit_receipts(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    send_refund(requested_refund(invoice, "20.00", clerk).pk)
    receipt = stored_receipt(Receipt.objects.get(invoice=invoice, kind="payment").pk)

    content = content_of(receipt)

    assert [(each.number, each.amount) for each in content.credits] == [(2, D("20.00"))]
    assert content_on_the_day(receipt, rows_of(invoice.order)).credits == ()


def test_receipt_keeps_the_seller_of_the_day() -> None:
    receipt = Receipt.objects.get(invoice=invoice_with_a_bun(S.PAID))
    seller = receipt.seller
    seller.street = "Ny gata 2"
    seller.save()

    assert content_of(stored_receipt(receipt.pk)).seller.address == "Storgatan 1, 111 22 Stockholm"


def test_receipt_of_an_incomplete_seller_shows_what_was_completed_later() -> None:
    invoice = invoice_with_a_bun(S.ISSUED)
    seller = invoice.terminal.seller
    seller.street = seller.city = ""
    seller.save()
    apply_status(*payment_of(invoice), BY_POLLER, silence=timedelta(0))
    receipt = Receipt.objects.get(invoice=invoice)
    seller.street, seller.city = "Storgatan 1", "Stockholm"
    seller.save()

    assert content_of(stored_receipt(receipt.pk)).seller.address == "Storgatan 1, 111 22 Stockholm"


def test_options_notes_and_tip_are_on_the_receipt_and_on_the_credit_receipt(
    sandbox: SandboxProcess, clerk: User
) -> None:
    order = OrderFactory.create(total="105.00", state="paid", language="sv")
    bun = OrderRowFactory.create(order=order, quantity=2, note="utan socker")
    option = OptionRowFactory.create(parent=bun)
    tip = TipRowFactory.create(order=order)
    order.total = bun.total + option.total + tip.total
    order.save()
    invoice = InvoiceFactory.create(order=order, paid=True)
    request = RefundRequest(D("55.00"), "", "form", RefundReason.NOT_GOOD, {bun.pk: 1, tip.pk: 1})
    refund, _ = create_refund(invoice.pk, request, by_staff(clerk))
    Refund.objects.filter(pk=refund.pk).update(status=RefundStatus.SENDING)
    with transaction.atomic():
        transition_refund(
            lock_refund(refund.pk), RefundStatus.REFUNDED, BY_POLLER, ers_reference="E"
        )

    payment = content_of(receipt_of_payment(invoice.pk))
    credit = content_of(stored_receipt(Receipt.objects.get(refund=refund).pk))

    assert [(row.name, row.quantity, row.is_option, row.note) for row in payment.rows] == [
        (bun.name_sv, 2, False, "utan socker"),
        (option.name_sv, 2, True, ""),
        ("Dricks", None, False, ""),
    ]
    assert [(row.name, row.quantity, row.total) for row in credit.rows] == [
        (bun.name_sv, 1, D("-45.00")),
        (option.name_sv, 1, D("-5.00")),
        ("Dricks", None, D("-5.00")),
    ]
    assert [(line.rate, line.gross) for line in credit.vat_lines] == [
        (D("12.00"), D("-50.00")),
        (D("0.00"), D("-5.00")),
    ]
