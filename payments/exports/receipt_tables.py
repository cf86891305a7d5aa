"""The tables of the receipts: each with its VAT, and summed up by VAT rate and day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from orders.models import Shop
from payments.exports.cells import Row, local
from payments.exports.table import Table
from payments.models import Receipt, ReceiptKind
from payments.receipts.content import VatLine
from payments.takings.contents import Contents
from payments.takings.days import DayTakings

_NOTHING = Decimal(0)
_NO_LINE = VatLine(_NOTHING, _NOTHING, _NOTHING, _NOTHING)  # of a receipt over nothing
_RELATED = ("seller", "credited", "invoice__order", "invoice__shop")


def _receipt_lines(receipts: Sequence[Receipt]) -> Iterator[Row]:
    contents = Contents(receipts)
    for receipt in receipts:
        allotment = contents.allotment_of(receipt)
        tips = sum((each.gross for each in allotment.shares if each.row.is_tip), _NOTHING)
        for what, line in _goods_and_tip(allotment.lines, tips):
            yield (
                receipt.organisation_number or receipt.seller.organisation_number,
                receipt.number,
                receipt.kind,
                receipt.credited.number if receipt.credited else None,
                local(receipt.issued_at),
                receipt.invoice.shop.name,
                receipt.invoice.order.number,
                receipt.invoice.client_invoice_id,
                receipt.refund_id,
                what,
                line.rate,
                line.net,
                line.vat,
                line.gross,
                receipt.currency,
            )


def _goods_and_tip(lines: Sequence[VatLine], tips: Decimal) -> Iterator[tuple[str, VatLine]]:
    """Yield a receipt's lines of goods by VAT rate, and its tip by itself."""
    for line in lines or (_NO_LINE,):
        goods = line
        if line.rate == 0 and tips:
            goods = VatLine(line.rate, line.net - tips, line.vat, line.gross - tips)
        if goods.gross or not tips:
            yield "goods", goods
    if tips:
        yield "tip", VatLine(_NOTHING, tips, _NOTHING, tips)


RECEIPTS = Table(
    "receipts",
    Receipt,
    (
        "organisation_number",
        "receipt",
        "kind",
        "credited_receipt",
        "issued_at",
        "shop",
        "order",
        "payment",
        "refund",
        "what",
        "vat_rate",
        "net",
        "vat",
        "gross",
        "currency",
    ),
    _RELATED,
    _receipt_lines,
)
VAT_COLUMNS = (
    "day",
    "organisation_number",
    "shop",
    "currency",
    "kind",
    "what",
    "vat_rate",
    "net",
    "vat",
    "gross",
)


def vat_lines(takings: Iterable[DayTakings], shops: Mapping[int, Shop]) -> Iterator[Row]:
    """Yield a line for each day, shop, currency, kind of receipt and VAT rate."""
    for day in takings:
        shop = shops[day.shop_id]
        start = (day.day, shop.seller.organisation_number, shop.name, day.currency)
        for kind, lines in (
            (ReceiptKind.PAYMENT.value, day.sales),
            (ReceiptKind.REFUND.value, day.refunds),
            (ReceiptKind.REVERSAL.value, day.reversals),
        ):
            for line in lines:
                yield (*start, kind, "goods", line.rate, line.net, line.vat, line.gross)
        if day.tips:
            yield (*start, "payment", "tip", _NOTHING, day.tips, _NOTHING, day.tips)
        if day.tips_refunded:
            refunded = day.tips_refunded
            yield (*start, "credit", "tip", _NOTHING, refunded, _NOTHING, refunded)
