"""The parts of PDF documents: lines, facts and tables in the embedded font."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext
from fpdf import FPDF, FontFace
from fpdf.enums import Align, TableBordersLayout, VAlign, XPos, YPos

from orders.pdf_font import FONT, add_font, printable
from orders.templatetags.money import decimals, percent
from payments.receipts.content import VatLine

MARGIN_MM = 14
LINE_HEIGHT_MM = 5.5


def new_document(
    paper_mm: tuple[float, float], *, title: str, author: str, language: str, created_at: datetime
) -> FPDF:
    """Return a document with its first page. The same content gives the same bytes."""
    pdf = FPDF(format=paper_mm)
    add_font(pdf)
    pdf.set_creation_date(created_at)
    pdf.set_lang(language)
    pdf.set_title(printable(title))
    pdf.set_author(printable(author))
    pdf.set_margin(MARGIN_MM)
    pdf.add_page()
    return pdf


def add_line(pdf: FPDF, text: str, *, size: int, style: str = "") -> None:
    """Add a line of text over the whole width; it wraps."""
    pdf.set_font(FONT, style, size)
    height = max(LINE_HEIGHT_MM, size * 0.5)
    pdf.multi_cell(0, height, printable(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def add_facts(pdf: FPDF, facts: Iterable[tuple[str, str]]) -> None:
    """Add a line for each name and value, but for empty values, and a space below them."""
    for name, value in facts:
        if value:
            add_line(pdf, named(name, value), size=10)
    pdf.ln(LINE_HEIGHT_MM)


def named(name: str, value: str) -> str:
    """Return a value with its name before it; nothing for an empty value."""
    return f"{name}: {value}" if value else ""


def add_table(
    pdf: FPDF,
    rows: Iterable[tuple[str, ...]],
    *,
    widths: tuple[int, ...],
    size: int = 10,
    style: str = "",
    has_head: bool = True,
    has_amounts: bool = True,
    gap_mm: float = LINE_HEIGHT_MM,
) -> None:
    """Add rows, with a head or not, and a gap below them.

    Their first column is text, and the others are amounts, or text too.
    """
    pdf.set_font(FONT, style, size)
    with pdf.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=widths,
        text_align=(Align.L, *(Align.R if has_amounts else Align.L for _ in widths[1:])),
        v_align=VAlign.T,
        line_height=LINE_HEIGHT_MM * min(1, size / 10),
        padding=(0.8, 0),
        first_row_as_headings=has_head,
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        for row in rows:
            table.row(tuple(printable(cell) for cell in row))
    pdf.ln(gap_mm)


def add_vat(pdf: FPDF, lines: Iterable[VatLine]) -> None:
    """Add the table of net, VAT and gross by VAT rate."""
    head = (gettext("VAT"), gettext("Net"), gettext("VAT amount"), gettext("Gross"))
    rows = (
        (percent(line.rate), decimals(line.net), decimals(line.vat), decimals(line.gross))
        for line in lines
    )
    add_table(pdf, [head, *rows], widths=(1, 1, 1, 1))
