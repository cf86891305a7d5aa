"""The receipt as a PDF on A5 paper. A line below it says where the font lacks a character."""

from django.utils.text import capfirst
from django.utils.translation import gettext, override
from fpdf import FPDF

from orders.pdf_font import REPLACEMENT, printable
from orders.templatetags.money import money
from payments.receipts.content import ReceiptContent, ReceiptRow
from payments.receipts.pdf_parts import (
    LINE_HEIGHT_MM,
    add_facts,
    add_line,
    add_table,
    add_vat,
    named,
    new_document,
)

A5_MM = (148, 210)
OPTION_INDENT = "\N{NO-BREAK SPACE}" * 4


def receipt_pdf(receipt: ReceiptContent) -> bytes:
    """Return the receipt as a PDF; the same receipt gives the same bytes.

    A character that the font lacks becomes its plain form, or the replacement character.
    """
    with override(receipt.language):
        return bytes(_document(receipt).output())


def _document(receipt: ReceiptContent) -> FPDF:
    pdf = new_document(
        A5_MM,
        title=_title(receipt),
        author=receipt.seller.legal_name or receipt.shop,
        language=receipt.language,
        created_at=receipt.issued_at,
    )
    add_line(pdf, _heading(receipt), size=20, style="B")
    _add_seller(pdf, receipt)
    add_facts(pdf, _facts(receipt))
    _add_rows(pdf, receipt)
    add_vat(pdf, receipt.vat_lines)
    paid = gettext("Refunded with SEQR") if receipt.credited else gettext("Paid with SEQR")
    add_line(pdf, paid, size=10, style="B")
    add_facts(pdf, [(gettext("Payment number"), receipt.payment_number), *_credits(receipt)])
    if REPLACEMENT in "".join(map(printable, _texts(receipt))):
        note = gettext("%(sign)s stands for a character that this file cannot show.")
        add_line(pdf, note % {"sign": REPLACEMENT}, size=8)
    return pdf


def _title(receipt: ReceiptContent) -> str:
    text = (
        gettext("Credit receipt %(receipt)s of order %(order)s")
        if receipt.credited
        else gettext("Receipt %(receipt)s of order %(order)s")
    )
    return text % {"receipt": receipt.number, "order": receipt.order_number}


def _heading(receipt: ReceiptContent) -> str:
    return gettext("Credit receipt") if receipt.credited else gettext("Receipt")


def _add_seller(pdf: FPDF, receipt: ReceiptContent) -> None:
    seller = receipt.seller
    add_line(pdf, receipt.shop, size=12, style="B")
    for line in (
        seller.legal_name,
        seller.address,
        named(capfirst(gettext("organisation number")), seller.organisation_number),
        named(capfirst(gettext("VAT number")), seller.vat_number),
    ):
        if line:
            add_line(pdf, line, size=10)
    pdf.ln(LINE_HEIGHT_MM)


def _facts(receipt: ReceiptContent) -> list[tuple[str, str]]:
    facts = [
        (gettext("Receipt number"), str(receipt.number)),
        (gettext("Order number"), receipt.order_number),
        (gettext("Date and time"), receipt.date_and_time),
    ]
    if receipt.credited:
        paid = f"{receipt.credited.number}, {receipt.credited.date_and_time}"
        facts.append((gettext("Credits receipt"), paid))
    return facts


def _credits(receipt: ReceiptContent) -> list[tuple[str, str]]:
    return [
        (
            gettext("Refunded %(date)s") % {"date": each.date_and_time},
            gettext("%(amount)s, credit receipt %(number)s")
            % {"amount": money(each.amount, receipt.currency), "number": each.number},
        )
        for each in receipt.credits
    ]


def _add_rows(pdf: FPDF, receipt: ReceiptContent) -> None:
    rows = [
        (_row_text(row, receipt.currency), money(row.total, receipt.currency))
        for row in receipt.rows
    ]
    add_table(pdf, [(gettext("Product"), gettext("Amount")), *rows], widths=(3, 1))
    total = (gettext("Total"), money(receipt.total, receipt.currency))
    add_table(pdf, [total], widths=(1, 1), size=12, style="B", has_head=False)


def _row_text(row: ReceiptRow, currency: str) -> str:
    indent = OPTION_INDENT if row.is_option else ""
    lines = [row.name if row.quantity is None else f"{row.quantity} × {row.name}"]
    if row.unit_price is not None and row.quantity != 1:
        lines.append(gettext("%(price)s each") % {"price": money(row.unit_price, currency)})
    if row.note:
        lines.append(gettext("“%(note)s”") % {"note": row.note})
    return "\n".join(indent + line for line in lines)


def _texts(receipt: ReceiptContent) -> list[str]:
    """Return the texts that people have written: any of them may have characters of any script."""
    seller = receipt.seller
    rows = [text for row in receipt.rows for text in (row.name, row.note)]
    return [receipt.shop, seller.legal_name, seller.street, seller.city, *rows]
