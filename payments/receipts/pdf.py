"""The receipt as a PDF on a page of A5, in the typefaces that every reader has.

They know Windows' Western letters: all of Swedish, and of most languages around it.
"""

import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext, override
from fpdf import FPDF, FontFace
from fpdf.enums import Align, TableBordersLayout, VAlign, XPos, YPos

from orders.templatetags.money import decimals, money, percent
from payments.receipts.content import Receipt

FONT = "Helvetica"
LETTERS = "windows-1252"
A5 = (148, 210)  # millimetres
MARGIN = 14  # millimetres
LINE = 5.5  # millimetres


def receipt_pdf(receipt: Receipt) -> bytes:
    """Return the receipt as a PDF. The same receipt makes the same bytes.

    A letter that the typeface lacks becomes its plain form, or a question mark.
    """
    with override(receipt.language):
        return bytes(_document(receipt).output())


def _document(receipt: Receipt) -> FPDF:
    title = gettext("Receipt of order %(number)s") % {"number": receipt.number}
    pdf = FPDF(format=A5)
    pdf.core_fonts_encoding = LETTERS
    pdf.set_creation_date(receipt.paid_at)
    pdf.set_lang(receipt.language)
    pdf.set_title(title)
    pdf.set_author(receipt.shop)
    pdf.set_margin(MARGIN)
    pdf.add_page()
    _line(pdf, gettext("Receipt"), size=20, style="B")
    _line(pdf, receipt.shop, size=12, style="B")
    pdf.ln(LINE)
    _facts(
        pdf,
        (
            (gettext("Order number"), receipt.number),
            (gettext("Date and time"), receipt.date_and_time),
        ),
    )
    _rows(pdf, receipt)
    _vat(pdf, receipt)
    _line(pdf, gettext("Paid with SEQR"), size=10, style="B")
    _facts(
        pdf,
        (
            (gettext("Invoice reference"), receipt.invoice_reference),
            (gettext("Payment number"), receipt.ers_reference),
            (gettext("Payment reference"), receipt.payment_reference),
        ),
    )
    return pdf


def _rows(pdf: FPDF, receipt: Receipt) -> None:
    rows = []
    for row in receipt.rows:
        each = gettext("%(price)s each") % {"price": money(row.unit_price, receipt.currency)}
        what = row.name if row.is_discount else f"{row.quantity} × {row.name}\n{each}"
        rows.append((what, money(row.total, receipt.currency)))
    _table(pdf, [(gettext("Product"), gettext("Amount")), *rows], widths=(3, 1))
    total = (gettext("Total"), money(receipt.total, receipt.currency))
    _table(pdf, [total], widths=(1, 1), size=12, style="B")


def _vat(pdf: FPDF, receipt: Receipt) -> None:
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
    _table(pdf, [head, *lines], widths=(1, 1, 1, 1))


def _table(
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
        line_height=LINE,
        padding=(0.8, 0),
        first_row_as_headings=len(rows) > 1,
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        for row in rows:
            table.row(tuple(_printable(cell) for cell in row))
    pdf.ln(LINE)


def _facts(pdf: FPDF, facts: Iterable[tuple[str, str]]) -> None:
    for name, value in facts:
        if value:
            _line(pdf, f"{name}: {value}", size=10)
    pdf.ln(LINE)


def _line(pdf: FPDF, text: str, *, size: int, style: str = "") -> None:
    pdf.set_font(FONT, style, size)
    height = max(LINE, size * 0.5)
    pdf.multi_cell(0, height, _printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _printable(text: str) -> str:
    return "".join(_printable_letter(letter) for letter in unicodedata.normalize("NFC", text))


def _printable_letter(letter: str) -> str:
    for form in (letter, unicodedata.normalize("NFKD", letter)[0]):
        try:
            form.encode(LETTERS)
        except UnicodeEncodeError:
            continue
        return form
    return "?"
