"""The receipt as a PDF on A5 paper.

A character that the font lacks becomes the replacement character, and a line below the receipt says
so.
"""

from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext, override
from fpdf import FPDF, FontFace
from fpdf.enums import Align, TableBordersLayout, VAlign, XPos, YPos

from orders.pdf_font import FONT, REPLACEMENT, add_font, printable
from orders.templatetags.money import decimals, money, percent
from payments.receipts.content import ReceiptContent, ReceiptRow

A5_MM = (148, 210)
MARGIN_MM = 14
LINE_HEIGHT_MM = 5.5
OPTION_INDENT = "\N{NO-BREAK SPACE}" * 4


def receipt_pdf(receipt: ReceiptContent) -> bytes:
    """Return the receipt as a PDF; the same receipt gives the same bytes.

    A character that the font lacks becomes its plain form, or the replacement character.
    """
    with override(receipt.language):
        return bytes(_document(receipt).output())


def _document(receipt: ReceiptContent) -> FPDF:
    pdf = FPDF(format=A5_MM)
    add_font(pdf)
    pdf.set_creation_date(receipt.issued_at)
    pdf.set_lang(receipt.language)
    pdf.set_title(printable(_title(receipt)))
    pdf.set_author(printable(receipt.seller.legal_name or receipt.shop))
    pdf.set_margin(MARGIN_MM)
    pdf.add_page()
    _add_line(pdf, _heading(receipt), size=20, style="B")
    _add_seller(pdf, receipt)
    _add_facts(pdf, _facts(receipt))
    _add_rows(pdf, receipt)
    _add_vat(pdf, receipt)
    paid = gettext("Refunded with SEQR") if receipt.credited else gettext("Paid with SEQR")
    _add_line(pdf, paid, size=10, style="B")
    _add_facts(pdf, [(gettext("Payment number"), receipt.payment_number), *_credits(receipt)])
    if REPLACEMENT in "".join(map(printable, _texts(receipt))):
        note = gettext("%(sign)s stands for a character that this file cannot show.")
        _add_line(pdf, note % {"sign": REPLACEMENT}, size=8)
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
    _add_line(pdf, receipt.shop, size=12, style="B")
    for line in (
        seller.legal_name,
        seller.address,
        _named(capfirst(gettext("organisation number")), seller.organisation_number),
        _named(capfirst(gettext("VAT number")), seller.vat_number),
    ):
        if line:
            _add_line(pdf, line, size=10)
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
    _add_table(pdf, [(gettext("Product"), gettext("Amount")), *rows], widths=(3, 1))
    total = (gettext("Total"), money(receipt.total, receipt.currency))
    _add_table(pdf, [total], widths=(1, 1), size=12, style="B")


def _row_text(row: ReceiptRow, currency: str) -> str:
    indent = OPTION_INDENT if row.is_option else ""
    lines = [row.name if row.quantity is None else f"{row.quantity} × {row.name}"]
    if row.unit_price is not None and row.quantity != 1:
        lines.append(gettext("%(price)s each") % {"price": money(row.unit_price, currency)})
    if row.note:
        lines.append(gettext("“%(note)s”") % {"note": row.note})
    return "\n".join(indent + line for line in lines)


def _add_vat(pdf: FPDF, receipt: ReceiptContent) -> None:
    head = (gettext("VAT"), gettext("Net"), gettext("VAT amount"), gettext("Gross"))
    lines = [
        (percent(line.rate), decimals(line.net), decimals(line.vat), decimals(line.gross))
        for line in receipt.vat_lines
    ]
    _add_table(pdf, [head, *lines], widths=(1, 1, 1, 1))


def _add_table(
    pdf: FPDF,
    rows: Iterable[tuple[str, ...]],
    *,
    widths: tuple[int, ...],
    size: int = 10,
    style: str = "",
) -> None:
    """Add rows whose first column is text and whose others are amounts."""
    pdf.set_font(FONT, style, size)
    rows = list(rows)
    with pdf.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=widths,
        text_align=(Align.L, *(Align.R for _ in widths[1:])),
        v_align=VAlign.T,
        line_height=LINE_HEIGHT_MM,
        padding=(0.8, 0),
        first_row_as_headings=len(rows) > 1,
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        for row in rows:
            table.row(tuple(printable(cell) for cell in row))
    pdf.ln(LINE_HEIGHT_MM)


def _add_facts(pdf: FPDF, facts: Iterable[tuple[str, str]]) -> None:
    for name, value in facts:
        if value:
            _add_line(pdf, _named(name, value), size=10)
    pdf.ln(LINE_HEIGHT_MM)


def _add_line(pdf: FPDF, text: str, *, size: int, style: str = "") -> None:
    pdf.set_font(FONT, style, size)
    height = max(LINE_HEIGHT_MM, size * 0.5)
    pdf.multi_cell(0, height, printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _named(name: str, value: str) -> str:
    return f"{name}: {value}" if value else ""


def _texts(receipt: ReceiptContent) -> list[str]:
    """Return the texts that people have written: any of them may have characters of any script."""
    seller = receipt.seller
    rows = [text for row in receipt.rows for text in (row.name, row.note)]
    return [receipt.shop, seller.legal_name, seller.street, seller.city, *rows]
