"""Checks after every step that no unit is refunded twice, and that units cost what was paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from orders.models import OrderRow
from payments.models import (
    RESERVING_REFUND_STATUSES,
    Invoice,
    Refund,
    RefundRow,
    RefundStatus,
)
from tests.proof.model_based.ledgers import Ledgers, times_refunded, total


def refund_row_violations(ledgers: Ledgers) -> Iterator[str]:
    """Describe each violation in a sentence.

    A refund that a person has recorded as not made, and that SEQR makes after all, is left out: its
    units may have been refunded again meanwhile, and its case says so.
    """
    rows_of_refund: dict[int, list[RefundRow]] = defaultdict(list)
    for row in ledgers.refund_rows:
        rows_of_refund[row.refund_id].append(row)
    invoices = {each.pk: each for each in ledgers.invoices}
    refunds_of_invoice: dict[int, list[Refund]] = defaultdict(list)
    for refund in ledgers.refunds:
        if rows := rows_of_refund[refund.pk]:
            yield from _wrong_rows(refund, rows, invoices[refund.invoice_id])
            yield from _wrong_at_seqr(ledgers, refund)
            if not _may_be_made_after_all(ledgers, refund):
                refunds_of_invoice[refund.invoice_id].append(refund)
    for refunds in refunds_of_invoice.values():
        reserved = [each for each in refunds if each.status in RESERVING_REFUND_STATUSES]
        yield from _wrong_units("here", reserved, rows_of_refund)
        made = [each for each in refunds if times_refunded(ledgers.seqr_invoices.values(), each)]
        yield from _wrong_units("at SEQR", made, rows_of_refund)


def _wrong_rows(refund: Refund, rows: list[RefundRow], invoice: Invoice) -> Iterator[str]:
    if total(each.amount for each in rows) != refund.amount:
        yield f"{refund} is {refund.amount}, and its rows have another sum"
    if any(each.order_row.order_id != invoice.order_id for each in rows):
        yield f"{refund} has a row of another order"
    units = {each.order_row_id: each.quantity for each in rows}
    for row in rows:
        product_id = row.order_row.parent_id
        if product_id is not None and units.get(product_id) != row.quantity:
            yield f"{refund} has another number of an option than of its product"


def _wrong_at_seqr(ledgers: Ledgers, refund: Refund) -> Iterator[str]:
    for payment in ledgers.seqr_invoices.values():
        for made in payment["refunds"]:
            is_this = made["client_invoice_id"].endswith(f"-R{refund.pk}")
            if is_this and Decimal(made["amount"]) != refund.amount:
                yield f"{refund} is {refund.amount}, and {made['amount']} at SEQR"


def _wrong_units(
    where: str, refunds: list[Refund], rows_of_refund: dict[int, list[RefundRow]]
) -> Iterator[str]:
    """Describe the order rows of which these refunds of one payment pay back too much."""
    order_rows: dict[int, OrderRow] = {}
    units: dict[int, int] = defaultdict(int)
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    for refund in refunds:
        for row in rows_of_refund[refund.pk]:
            order_rows[row.order_row_id] = row.order_row
            units[row.order_row_id] += row.quantity
            amounts[row.order_row_id] += row.amount
    for pk, order_row in order_rows.items():
        if units[pk] > order_row.quantity:
            yield f"{units[pk]} of {order_row} are refunded {where}"
        if amounts[pk] > order_row.total:
            yield f"{amounts[pk]} of {order_row} are refunded {where}"
        if units[pk] == order_row.quantity and amounts[pk] != order_row.total:
            yield f"all of {order_row} cost {amounts[pk]} {where}, not {order_row.total}"


def _may_be_made_after_all(ledgers: Ledgers, refund: Refund) -> bool:
    if refund.resolved_by_id is None:
        return False
    mismatch = f"refund {refund.pk} resolved"
    return refund.status == RefundStatus.REJECTED or any(
        case.key == mismatch for case in ledgers.cases
    )
