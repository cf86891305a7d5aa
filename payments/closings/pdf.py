"""The closing of a day as a PDF on A4 paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from fpdf import FPDF

from orders.languages import DEFAULT_LANGUAGE
from orders.models import Shop
from payments.closings.figures import DayFigures
from payments.closings.sheet import Part, parts_of, signatures_of
from payments.closings.verdict import verdict_of
from payments.models import DayClosing
from payments.receipts.content import swedish_time
from payments.receipts.pdf_parts import LINE_HEIGHT_MM, add_line, add_table, named, new_document

A4_MM = (210, 297)
SMALL_GAP_MM = 2.5


def closing_pdf(
    shop: Shop, figures: DayFigures, closings: Sequence[DayClosing], now: datetime
) -> bytes:
    """Return the closing in the current language; `closings` are those of the day, oldest first.

    A day that is not signed says so, and when its figures were read. A signed one is made of the
    figures that were signed, and is the same whenever it is made.
    """
    signed = _signed(closings)
    pdf = new_document(
        A4_MM,
        title=f"{gettext('Day closing')} {figures.day:%Y-%m-%d}, {shop.name}",
        author=shop.seller.legal_name or shop.name,
        language=get_language() or DEFAULT_LANGUAGE,
        created_at=now if signed is None else signed.signed_at,
    )
    add_line(pdf, f"{gettext('Day closing')} {figures.day:%Y-%m-%d}", size=20, style="B")
    add_line(pdf, shop.name, size=12, style="B")
    for line in _seller_lines(shop, figures):
        add_line(pdf, line, size=10)
    pdf.ln(LINE_HEIGHT_MM)
    add_line(pdf, verdict_of(figures).text, size=12, style="B")
    pdf.ln(LINE_HEIGHT_MM)
    for part in parts_of(figures):
        _add_part(pdf, part)
    _add_signatures(pdf, closings, now)
    return bytes(pdf.output())


def _add_signatures(pdf: FPDF, closings: Sequence[DayClosing], now: datetime) -> None:
    sentences = signatures_of(closings)
    if pdf.will_page_break(LINE_HEIGHT_MM * (2 + len(sentences))):
        pdf.add_page()
    add_line(pdf, gettext("Signed off"), size=11, style="B")
    for sentence in sentences:
        add_line(pdf, sentence, size=10)
    if _signed(closings) is None:
        text = gettext("Not signed off. These are the figures of %(time)s.")
        add_line(pdf, text % {"time": swedish_time(now)}, size=10)


def _signed(closings: Sequence[DayClosing]) -> DayClosing | None:
    """Return the closing that counts, if any: the one that was not re-opened."""
    return next((each for each in closings if each.reopened_at is None), None)


def _seller_lines(shop: Shop, figures: DayFigures) -> list[str]:
    """Return the companies that issued the day's receipts; today's seller, if there are none."""
    sellers = [(each.seller, each.organisation_number) for each in figures.numbers]
    names = sellers or [(shop.seller.legal_name, shop.seller.organisation_number)]
    label = capfirst(gettext("organisation number"))
    return [", ".join(filter(None, (name, named(label, number)))) for name, number in names]


def _add_part(pdf: FPDF, part: Part) -> None:
    add_line(pdf, part.title, size=11, style="B")
    rows = [part.head, *part.rows] if part.head else part.rows
    gap_mm = SMALL_GAP_MM if part.remarks else LINE_HEIGHT_MM
    if rows:
        widths = (3, *(1 for _ in rows[0][1:]))
        below = 0 if part.total else gap_mm
        add_table(pdf, rows, widths=widths, has_head=bool(part.head), gap_mm=below)
    if part.total:
        add_table(pdf, [part.total], widths=(3, 1), style="B", has_head=False, gap_mm=gap_mm)
    for remark in part.remarks:
        add_line(pdf, remark, size=10)
    if part.remarks:
        pdf.ln(SMALL_GAP_MM)
