"""The content of a stored receipt, and its HTML document."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext, override

from orders.compiled_query import CompiledQuery, KeyIsAnyOf
from orders.models import OrderRow, RowKind, Seller
from orders.models.seller import RECEIPT_FIELDS
from orders.services import in_sequence, rows_of
from payments.invoices.transitions import paid_differs
from payments.models import Invoice, InvoiceStatus, Receipt, ReceiptKind
from payments.receipts.content import (
    ReceiptContent,
    ReceiptRow,
    RelatedReceipt,
    SellerDetails,
    vat_by_rate,
)
from payments.receipts.credits import ByRate, credit_of


def _receipts() -> QuerySet[Receipt]:
    return Receipt.objects.select_related("invoice__order__shop", "seller", "credited")


_RECEIPTS_OF_PAYMENTS = CompiledQuery(
    lambda: (
        _receipts()
        .select_related("invoice__terminal__seller")
        .filter(KeyIsAnyOf("invoice_ids", "invoice"), kind=ReceiptKind.PAYMENT.value)
        .order_by("id")
    )
)


def has_receipt(invoice: Invoice) -> bool:
    """Return whether an invoice has a receipt to show; the same condition as HAS_RECEIPT."""
    return invoice.status == InvoiceStatus.PAID and not paid_differs(invoice)


def receipt_of_payment(invoice_id: int) -> Receipt:
    """Return the receipt of an invoice's payment. Raises Receipt.DoesNotExist."""
    receipts = receipts_of_payments([invoice_id])
    if not receipts:
        raise Receipt.DoesNotExist
    return receipts[0]


def receipts_of_payments(invoice_ids: Sequence[int]) -> list[Receipt]:
    """Return the receipts of the payments of these invoices, in the order of the receipts' IDs.

    It is the latest of each, if SEQR had reversed one before. The invoices' terminals, which submit
    them, are read too.
    """
    receipts = _RECEIPTS_OF_PAYMENTS.fetch(invoice_ids=list(invoice_ids))
    return list({receipt.invoice_id: receipt for receipt in receipts}.values())


def stored_receipt(receipt_id: int) -> Receipt:
    """Return a receipt with what its content is read from. Raises Receipt.DoesNotExist."""
    return _receipts().get(pk=receipt_id)


def receipt_of_order(order_id: int, number: int) -> Receipt:
    """Return the receipt of an order by its number. Raises Receipt.DoesNotExist."""
    receipts = _receipts().filter(invoice__order=order_id, number=number)
    return receipts.order_by("id")[:1].get()


def is_shown(receipt: Receipt) -> bool:
    """Return whether the rows of a receipt can be shown: the customer paid what was ordered."""
    return receipt.kind != ReceiptKind.PAYMENT or not paid_differs(receipt.invoice)


def content_of(receipt: Receipt) -> ReceiptContent:
    """Return what a stored receipt says. Raises ValueError if its rows do not add up."""
    if receipt.kind == ReceiptKind.PAYMENT:
        return _payment_content(receipt, rows_of(receipt.invoice.order), _credits_of(receipt))
    return _credit_content(receipt)


def content_on_the_day(receipt: Receipt, rows: Iterable[OrderRow]) -> ReceiptContent:
    """Return what the receipt of a payment said on the day, without what was credited later.

    `rows` are those of the order. Raises ValueError if they do not add up.
    """
    return _payment_content(receipt, rows, ())


def receipt_html(receipt: ReceiptContent) -> str:
    """Return the receipt as one HTML document, without external resources."""
    with override(receipt.language):
        return render_to_string("receipts/receipt.html", {"receipt": receipt})


def _payment_content(
    receipt: Receipt, order_rows: Iterable[OrderRow], credits_: Iterable[Receipt]
) -> ReceiptContent:
    invoice = receipt.invoice
    rows = tuple(_rows_of_payment(receipt, order_rows))
    return ReceiptContent(
        seller=_seller_of(receipt),
        shop=invoice.order.shop.name,
        number=_number_of(receipt),
        order_number=invoice.order.number,
        language=invoice.order.language,
        issued_at=receipt.issued_at,
        rows=rows,
        vat_lines=vat_by_rate(rows),
        total=receipt.amount,
        currency=receipt.currency,
        payment_number=invoice.ers_reference or "",
        credits=tuple(map(_related, credits_)),
    )


def _credit_content(receipt: Receipt) -> ReceiptContent:
    """Return what a credit receipt says: its amounts are below 0."""
    order, credited = receipt.invoice.order, receipt.credited
    paid_rows = _rows_of_payment(receipt, rows_of(order))
    paid = {line.rate: line.gross for line in vat_by_rate(paid_rows)}
    earlier = _credits_of(credited).filter(pk__lt=receipt.pk) if credited else ()
    lines = credit_of(paid, [_credit(each) for each in earlier], _credit(receipt))
    with override(order.language):
        rows = tuple(_refunded_rows(receipt)) or tuple(
            ReceiptRow(_name_of_amount(receipt), None, None, line.rate, line.gross)
            for line in lines
        )
    refund = receipt.refund
    return ReceiptContent(
        seller=_seller_of(receipt),
        shop=order.shop.name,
        number=_number_of(receipt),
        order_number=order.number,
        language=order.language,
        issued_at=receipt.issued_at,
        rows=rows,
        vat_lines=lines,
        total=-receipt.amount,
        currency=receipt.currency,
        payment_number=(refund and refund.ers_reference) or receipt.invoice.ers_reference or "",
        credited=_related(credited) if credited else None,
    )


def _credits_of(payment: Receipt) -> QuerySet[Receipt]:
    """Return the credit receipts of a payment's receipt, the oldest first."""
    return Receipt.objects.filter(invoice=payment.invoice_id, credited=payment).order_by("id")


def _number_of(receipt: Receipt) -> int:
    assert receipt.number is not None, "a receipt has its number once it is committed"
    return receipt.number


def _related(receipt: Receipt) -> RelatedReceipt:
    return RelatedReceipt(_number_of(receipt), receipt.issued_at, receipt.amount)


def _seller_of(receipt: Receipt) -> SellerDetails:
    """Return the seller's details of the day; today's, if those lacked what a receipt needs."""
    is_complete = all(getattr(receipt, name) for name in RECEIPT_FIELDS)
    return _details(receipt if is_complete else receipt.seller)


def _details(row: Receipt | Seller) -> SellerDetails:
    return SellerDetails(
        row.legal_name,
        row.organisation_number,
        row.vat_number,
        row.street,
        row.postal_code,
        row.city,
    )


def _rows_of_payment(receipt: Receipt, order_rows: Iterable[OrderRow]) -> Iterator[ReceiptRow]:
    order = receipt.invoice.order
    yield from _ordered_rows(order_rows, order.language)
    if receipt.invoice.amount != order.total:
        yield from _discount_rows(receipt.invoice)


def _ordered_rows(rows: Iterable[OrderRow], language: str) -> Iterator[ReceiptRow]:
    for row in rows:
        is_tip = row.kind == RowKind.TIP
        yield ReceiptRow(
            name=row.name_in(language),
            quantity=None if is_tip else row.quantity,
            unit_price=None if is_tip else row.unit_price,
            vat_rate=row.vat_rate,
            total=row.total,
            is_option=row.kind == RowKind.OPTION,
            note=row.note,
        )


def _discount_rows(invoice: Invoice) -> Iterator[ReceiptRow]:
    for discount in invoice.discounts.all():
        yield ReceiptRow(
            name=discount.name_in(invoice.order.language),
            quantity=None,
            unit_price=None,
            vat_rate=discount.vat_rate,
            total=discount.amount,
        )


def _refunded_rows(receipt: Receipt) -> Iterator[ReceiptRow]:
    """Yield the rows of a refund; none for a refunded amount, or a reversal."""
    if receipt.refund is None:
        return
    refunded = {each.order_row: each for each in receipt.refund.rows.select_related("order_row")}
    for row in in_sequence(refunded):
        yield ReceiptRow(
            name=row.name_in(receipt.invoice.order.language),
            quantity=None if row.kind == RowKind.TIP else refunded[row].quantity,
            unit_price=None,
            vat_rate=row.vat_rate,
            total=-refunded[row].amount,
            is_option=row.kind == RowKind.OPTION,
        )


def _credit(receipt: Receipt) -> ByRate | Decimal:
    """Return the amounts of a credit receipt's rows by VAT rate, or its amount without rows."""
    lines = vat_by_rate(_refunded_rows(receipt))
    return {line.rate: -line.gross for line in lines} or receipt.amount


def _name_of_amount(receipt: Receipt) -> str:
    if receipt.kind == ReceiptKind.REVERSAL:
        return gettext("Payment reversed by SEQR")
    return gettext("Refunded amount")
