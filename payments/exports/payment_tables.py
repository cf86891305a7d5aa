"""The tables of payments, refunds and payment cases."""

from collections.abc import Iterator, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Sum

from payments.exports.cells import Row, local
from payments.exports.table import Table
from payments.models import Invoice, InvoiceDiscount, MoneyCase, Refund


def _payment_lines(invoices: Sequence[Invoice]) -> Iterator[Row]:
    discounts = dict(
        InvoiceDiscount.objects.filter(invoice__in=invoices)
        .order_by("invoice")
        .values_list("invoice")
        .annotate(Sum("amount"))
    )
    for invoice in invoices:
        yield (
            invoice.client_invoice_id,
            invoice.order.number,
            invoice.shop.name,
            invoice.terminal.principal_id,
            invoice.status,
            local(invoice.created_at),
            local(invoice.paid_at),
            invoice.amount,
            discounts.get(invoice.pk, 0),
            invoice.currency,
            invoice.paid_amount,
            invoice.paid_currency,
            invoice.invoice_reference,
            invoice.ers_reference,
            "yes" if invoice.possibly_reversed else "no",
        )


def _refund_lines(refunds: Sequence[Refund]) -> Iterator[Row]:
    for refund in refunds:
        yield (
            refund.pk,
            refund.invoice.client_invoice_id,
            refund.invoice.order.number,
            refund.invoice.shop.name,
            refund.status,
            refund.amount,
            refund.currency,
            refund.reason_code,
            refund.reason,
            _name(refund.requested_by),
            _name(refund.approved_by),
            local(refund.created_at),
            local(refund.sent_at),
            local(refund.refunded_at),
            refund.ers_reference,
        )


def _case_lines(cases: Sequence[MoneyCase]) -> Iterator[Row]:
    for case in cases:
        shop = case.order.shop.name if case.order else None
        yield (
            case.pk,
            case.kind,
            shop,
            case.order.number if case.order else None,
            case.invoice.client_invoice_id if case.invoice else None,
            case.refund_id,
            local(case.opened_at),
            local(case.closed_at),
            _name(case.closed_by),
            case.closing_reason,
            case.summary,
        )


def _name(person: AbstractBaseUser | None) -> str | None:
    return person.get_username() if person else None


PAYMENTS = Table(
    "payments",
    Invoice,
    (
        "payment",
        "order",
        "shop",
        "terminal",
        "status",
        "created_at",
        "paid_at",
        "amount",
        "discount",
        "currency",
        "seqr_amount",
        "seqr_currency",
        "invoice_reference",
        "payment_reference",
        "possibly_reversed",
    ),
    ("order", "shop", "terminal"),
    _payment_lines,
)
REFUNDS = Table(
    "refunds",
    Refund,
    (
        "refund",
        "payment",
        "order",
        "shop",
        "status",
        "amount",
        "currency",
        "reason_code",
        "reason",
        "requested_by",
        "approved_by",
        "requested_at",
        "sent_at",
        "refunded_at",
        "refund_reference",
    ),
    ("invoice__order", "invoice__shop", "requested_by", "approved_by"),
    _refund_lines,
)
CASES = Table(
    "cases",
    MoneyCase,
    (
        "case",
        "kind",
        "shop",
        "order",
        "payment",
        "refund",
        "opened_at",
        "closed_at",
        "closed_by",
        "closing_reason",
        "summary",
    ),
    ("order__shop", "invoice__order", "closed_by"),
    _case_lines,
)
