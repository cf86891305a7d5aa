"""The receipt as a PDF on A5 paper, in a typeface that every PDF reader has.

The typeface has the characters of windows-1252, which covers Swedish and its neighbours.
"""

import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext, override
from fpdf import FPDF, FontFace
from fpdf.enums import Align, TableBordersLayout, VAlign, XPos, YPos

from orders.templatetags.money import decimals, money, percent
from payments.receipts.content import Receipt

FONT = "Helvetica"
CHARACTER_SET = "windows-1252"
A5_MM = (148, 210)
MARGIN_MM = 14
LINE_HEIGHT_MM = 5.5


def receipt_pdf(receipt: Receipt) -> bytes:
    """Return the receipt as a PDF; the same receipt gives the same bytes.

    A character that the typeface lacks becomes its plain form, or a question mark.
    """
    with override(receipt.language):
        return bytes(_document(receipt).output())


def _document(receipt: Receipt) -> FPDF:
    title = gettext("Receipt of order %(number)s") % {"number": receipt.number}
    pdf = FPDF(format=A5_MM)
    pdf.core_fonts_encoding = CHARACTER_SET
    pdf.set_creation_date(receipt.paid_at)
    pdf.set_lang(receipt.language)
    pdf.set_title(title)
    pdf.set_author(receipt.shop)
    pdf.set_margin(MARGIN_MM)
    pdf.add_page()
    _add_line(pdf, gettext("Receipt"), size=20, style="B")
    _add_line(pdf, receipt.shop, size=12, style="B")
    pdf.ln(LINE_HEIGHT_MM)
    _add_facts(
        pdf,
        (
            (gettext("Order number"), receipt.number),
            (gettext("Date and time"), receipt.date_and_time),
        ),
    )
    _add_rows(pdf, receipt)
    _add_vat(pdf, receipt)
    _add_line(pdf, gettext("Paid with SEQR"), size=10, style="B")
    _add_facts(
        pdf,
        (
            (gettext("Invoice reference"), receipt.invoice_reference),
            (gettext("Payment number"), receipt.ers_reference),
            (gettext("Payment reference"), receipt.payment_reference),
        ),
    )
    return pdf


def _add_rows(pdf: FPDF, receipt: Receipt) -> None:
    rows = []
    for row in receipt.rows:
        each = gettext("%(price)s each") % {"price": money(row.unit_price, receipt.currency)}
        label = row.name if row.is_discount else f"{row.quantity} × {row.name}\n{each}"
        rows.append((label, money(row.total, receipt.currency)))
    _add_table(pdf, [(gettext("Product"), gettext("Amount")), *rows], widths=(3, 1))
    total = (gettext("Total"), money(receipt.total, receipt.currency))
    _add_table(pdf, [total], widths=(1, 1), size=12, style="B")


def _add_vat(pdf: FPDF, receipt: Receipt) -> None:
    head = (gettext("VAT"), gettext("Net"), gettext("VAT amount"), gettext("Gross"))
    lines = [
        (
            percent(line.rate),
            decimals(line.net),
            decimals(line.vat),
            decimals(line.gross),
        )
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
            table.row(tuple(_printable(cell) for cell in row))
    pdf.ln(LINE_HEIGHT_MM)


def _add_facts(pdf: FPDF, facts: Iterable[tuple[str, str]]) -> None:
    for name, value in facts:
        if value:
            _add_line(pdf, f"{name}: {value}", size=10)
    pdf.ln(LINE_HEIGHT_MM)


def _add_line(pdf: FPDF, text: str, *, size: int, style: str = "") -> None:
    pdf.set_font(FONT, style, size)
    height = max(LINE_HEIGHT_MM, size * 0.5)
    pdf.multi_cell(0, height, _printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _printable(text: str) -> str:
    return "".join(
        _printable_character(character) for character in unicodedata.normalize("NFC", text)
    )


def _printable_character(character: str) -> str:
    for form in (character, unicodedata.normalize("NFKD", character)[0]):
        try:
            form.encode(CHARACTER_SET)
        except UnicodeEncodeError:
            continue
        return form
    return "?"
