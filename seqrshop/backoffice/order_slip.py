"""An order as a slip: its rows, its money and its refunds, as one page shows them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest
from django.urls import reverse

from orders.languages import current_language
from orders.models import Delivery, Dining, Order, OrderState
from orders.services import OrderLine, lines_of
from payments.balance import captured_amount, refundable_amount, refunded_amount
from payments.invoices.create import current_of
from payments.invoices.discounts import discounts_of
from payments.models import (
    RESERVING_REFUND_STATUSES,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    Refund,
    RefundStatus,
)
from payments.receipts.document import has_receipt
from seqrshop.backoffice.delivery import delivery_lines
from seqrshop.backoffice.formatting import TABLE_PARAMETER, money, money_or_empty, phone_number
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.references import short_reference
from seqrshop.backoffice.shop_scope import has_all_shops, own_rows
from seqrshop.backoffice.slip_receipts import SlipReceipt, slip_receipts
from seqrshop.backoffice.state_pills import pill


@dataclass(frozen=True)
class SlipRow:
    """An ordered product or a tip, with the units that are refunded, and those about to be, or
    perhaps. `total` is without the options: each has an amount of its own.
    """

    name: str
    quantity: int
    unit_price: str
    total: str
    refunded: int
    waiting: int
    note: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SlipRefund:
    """A refund as the slip lists it. `rows` says which units it pays back; empty for an amount."""

    amount: str
    pill: str
    rows: str
    reason: str
    requested_by: str
    approved_by: str
    at: datetime
    url: str | None


@dataclass(frozen=True)
class SlipPayment:
    """One attempt to pay the order."""

    number: str
    pill: str
    amount: str
    reference: str
    url: str


@dataclass(frozen=True)
class SlipMoney:
    """What was paid and refunded. A sum of 0 is empty; all are, until the order is paid."""

    discounts: tuple[tuple[str, str], ...]
    refunds: tuple[SlipRefund, ...]
    payments: tuple[SlipPayment, ...]
    receipts: tuple[SlipReceipt, ...]
    paid: str = ""
    paid_at: datetime | None = None
    refunded: str = ""
    waiting: str = ""
    kept: str = ""


@dataclass(frozen=True)
class Slip:
    """What the page shows. `money` is None for those who may not see payments."""

    pill: str
    table: str
    parameters: str
    phone: str
    delivery: tuple[str, ...]
    customer_url: str
    rows: tuple[SlipRow, ...]
    note: str
    dining: str
    total: str
    money: SlipMoney | None
    cases: tuple[tuple[str, str], ...]
    refund_url: str
    receipt_url: str


def slip_of(request: HttpRequest, order: Order) -> Slip:
    """Return the slip of an order, with what the person who makes the request may see and do."""
    may = request.user.has_perm
    invoices = list(order.invoices.order_by("id"))
    for each in invoices:
        each.order = order
    invoice = current_of(invoices) if invoices else None
    refunds = _refunds(order)
    sees_money = may("payments.view_invoice")
    others = {name: value for name, value in order.parameters.items() if name != TABLE_PARAMETER}
    return Slip(
        pill=pill(OrderState(order.state)),
        table=str(order.parameters.get(TABLE_PARAMETER, "")),
        parameters=", ".join(f"{name}={value}" for name, value in others.items()),
        phone=phone_number(order.customer.msisdn),
        delivery=delivery_lines(Delivery.objects.filter(order=order).first()),
        customer_url=_customer_url(request, order),
        rows=tuple(_rows(order, refunds)),
        note=order.note,
        dining=str(Dining(order.dining).label) if order.dining else "",
        total=money(order.total, order.currency),
        money=_money(request, invoice, invoices, refunds) if sees_money and invoice else None,
        cases=_cases(request, order) if may("payments.view_moneycase") else (),
        refund_url=_refund_url(invoice) if invoice and may("payments.request_refund") else "",
        receipt_url=(
            admin_url(Order, "receipt", order.pk)
            if sees_money and invoice and has_receipt(invoice)
            else ""
        ),
    )


def _customer_url(request: HttpRequest, order: Order) -> str:
    """Return the address of what is kept of the customer, for those who may open it."""
    is_kept = order.customer.erased_at is None
    if not (is_kept and has_all_shops(request) and request.user.has_perm("orders.export_customer")):
        return ""
    return reverse("staff:customer", args=[order.customer_id])


def rows_text(refund: Refund) -> str:
    """Return the rows of a refund in words: “1 × Cinnamon bun, 2 × Coffee (Oat milk)”."""
    lines = lines_of(row.order_row for row in refund.rows.all())
    quantities = {row.order_row_id: row.quantity for row in refund.rows.all()}
    return ", ".join(f"{quantities[line.row.pk]} × {line_text(line)}" for line in lines)


def line_text(line: OrderLine) -> str:
    """Return the name of a product with those of its options: “Coffee (Oat milk)”."""
    language = current_language()
    options = ", ".join(line.option_names(language))
    return line.row.name_in(language) + (f" ({options})" if options else "")


def _refunds(order: Order) -> list[Refund]:
    refunds = Refund.objects.filter(invoice__order=order).order_by("id")
    return list(
        refunds.select_related("requested_by", "approved_by").prefetch_related("rows__order_row")
    )


def _money(
    request: HttpRequest, invoice: Invoice, invoices: list[Invoice], refunds: list[Refund]
) -> SlipMoney:
    """Return the money of an order; `invoice` is the one that decides the order's state."""
    captured, refunded = captured_amount(invoice), refunded_amount(invoice)
    waiting = captured - refunded - refundable_amount(invoice) if captured else Decimal(0)
    currency = invoice.currency

    return SlipMoney(
        discounts=_discounts(invoice),
        refunds=tuple(_refund_line(request, refund) for refund in refunds),
        payments=tuple(map(_payment_line, invoices)),
        receipts=slip_receipts(invoice.order),
        paid=money_or_empty(captured, currency),
        paid_at=invoice.paid_at if captured else None,
        refunded=money_or_empty(refunded, currency),
        waiting=money_or_empty(waiting, currency),
        kept=money(captured - refunded, currency) if captured else "",
    )


def _rows(order: Order, refunds: list[Refund]) -> list[SlipRow]:
    language = current_language()
    refunded: dict[int, int] = defaultdict(int)
    waiting: dict[int, int] = defaultdict(int)
    for refund in refunds:
        if refund.status in RESERVING_REFUND_STATUSES:
            units = refunded if refund.status == RefundStatus.REFUNDED else waiting
            for row in refund.rows.all():
                units[row.order_row_id] += row.quantity
    return [
        SlipRow(
            name=line.row.name_in(language),
            quantity=line.row.quantity,
            unit_price=money(line.row.unit_price, order.currency),
            total=money(line.row.total, order.currency),
            refunded=refunded[line.row.pk],
            waiting=waiting[line.row.pk],
            note=line.row.note,
            options=tuple(
                (option.name_in(language), money_or_empty(option.total, order.currency))
                for option in line.options
            ),
        )
        for line in lines_of(order.rows.all())
    ]


def _discounts(invoice: Invoice) -> tuple[tuple[str, str], ...]:
    language = current_language()
    return tuple(
        (each.name_in(language), money(each.amount, invoice.currency))
        for each in discounts_of(invoice)
    )


def _refund_line(request: HttpRequest, refund: Refund) -> SlipRefund:
    approver = refund.approved_by
    return SlipRefund(
        amount=money(refund.amount, refund.currency),
        pill=pill(RefundStatus(refund.status)),
        rows=rows_text(refund),
        reason=refund.reason_text,
        requested_by=str(refund.requested_by),
        approved_by="" if approver is None else str(approver),
        at=refund.refunded_at or refund.created_at,
        url=page_url(refund) if request.user.has_perm("payments.view_refund") else None,
    )


def _payment_line(invoice: Invoice) -> SlipPayment:
    return SlipPayment(
        number=invoice.client_invoice_id,
        pill=pill(InvoiceStatus(invoice.status)),
        amount=money(invoice.amount, invoice.currency),
        reference=short_reference(invoice.ers_reference or invoice.invoice_reference),
        url=page_url(invoice),
    )


def _cases(request: HttpRequest, order: Order) -> tuple[tuple[str, str], ...]:
    """Return the name and the address of each open case about the order."""
    cases = own_rows(request, MoneyCase.objects.filter(order=order, closed_at=None))
    return tuple((str(case), page_url(case)) for case in cases)


def _refund_url(invoice: Invoice) -> str:
    if refundable_amount(invoice) <= 0:
        return ""
    return admin_url(Invoice, "refund", invoice.pk)
