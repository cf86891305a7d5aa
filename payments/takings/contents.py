"""Reads what receipts consist of: the rows of their orders, discounts and earlier credits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from orders.models import OrderRow, RowKind
from payments.models import InvoiceDiscount, Receipt, ReceiptKind, RefundRow
from payments.refunds.row_amounts import paid_amounts
from payments.takings.allotment import Allotment, Credit, SoldRow, allot_credit, allot_payment

_NOTHING = Decimal(0)


class Contents:
    """The rows, discounts and credits of some receipts, read in one statement for each table."""

    def __init__(self, receipts: Sequence[Receipt]) -> None:
        orders = {each.invoice.order_id for each in receipts}
        self._rows = _grouped(OrderRow.objects.filter(order__in=orders).order_by("pk"), "order_id")
        discounted = {
            each.invoice_id for each in receipts if each.invoice.amount != each.invoice.order.total
        }
        self._discounts = _grouped(
            InvoiceDiscount.objects.filter(invoice__in=discounted) if discounted else (),
            "invoice_id",
        )
        credited = {each.credited_id for each in receipts if each.credited_id is not None}
        credits_ = Receipt.objects.filter(credited__in=credited).order_by("pk") if credited else ()
        self._credits = _grouped(credits_, "credited_id")
        refunds = {
            each.refund_id
            for each in (*receipts, *(each for some in self._credits.values() for each in some))
            if each.refund_id is not None
        }
        refunded = RefundRow.objects.filter(refund__in=refunds).select_related("order_row")
        self._refunded = _grouped(refunded if refunds else (), "refund_id")

    def allotment_of(self, receipt: Receipt) -> Allotment:
        """Return a receipt's VAT lines, and the part of each row in them."""
        rows = self._sold_rows(receipt)
        if receipt.kind == ReceiptKind.PAYMENT:
            return allot_payment(rows, receipt.amount)
        earlier = [
            self._credit(each)
            for each in self._credits[receipt.credited_id]
            if each.pk < receipt.pk
        ]
        return allot_credit(rows, earlier, self._credit(receipt))

    def discounts_of(self, receipt: Receipt) -> Decimal:
        """Return the sum of a payment's discounts, if they explain what was paid."""
        discounts = self._discounts[receipt.invoice_id]
        total = sum((each.amount for each in discounts), _NOTHING)
        is_explained = receipt.invoice.order.total + total == receipt.amount
        return total if receipt.kind == ReceiptKind.PAYMENT and is_explained else _NOTHING

    def _sold_rows(self, receipt: Receipt) -> list[SoldRow]:
        rows = self._rows[receipt.invoice.order_id]
        paid = paid_amounts(rows, self._discounts[receipt.invoice_id])
        return [
            SoldRow(row.pk, row.product_id, row.vat_rate, paid[row.pk], _units(row), row.is_tip)
            for row in rows
        ]

    def _credit(self, receipt: Receipt) -> Credit:
        refunded = self._refunded[receipt.refund_id] if receipt.refund_id else ()
        return Credit(
            receipt.amount,
            {each.order_row_id: each.amount for each in refunded},
            {each.order_row_id: _units(each.order_row, each.quantity) for each in refunded},
        )


def _units(row: OrderRow, quantity: int | None = None) -> int:
    """Return the units of a product's row; an option belongs to its product's unit."""
    units = row.quantity if quantity is None else quantity
    return units if row.kind == RowKind.PRODUCT else 0


def _grouped(rows: Iterable[Any], name: str) -> defaultdict[Any, list[Any]]:
    groups: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, name)].append(row)
    return groups
