"""The pages of the PDF layouts: cards on A4 to cut, stickers, and table tents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.utils.translation import gettext, override
from fpdf import FPDF

from orders.codes.sheets.parts import (
    MUTED,
    RULE,
    TEXT,
    Line,
    Look,
    draw_code,
    in_two_lines,
    write_line,
)
from orders.models import CodeRevision, PrintLayout

A4_MM = (210.0, 297.0)
A4_MARGIN_MM = 8.0
CARD_SIDE_MM = 5.0  # between a code and the edges of its card
CARD_TEXT_MM = 26.0  # above and below the code
NARROWEST_CARD_MM = 42.0
LANGUAGES = ("sv", "en")
RULE_MM = 0.15

T = TypeVar("T")


@dataclass(frozen=True)
class Card:
    """A card with one code: the shop above it, the placement and how to pay below."""

    size: float

    @property
    def width(self) -> float:
        """The width of the card."""
        return max(self.size + 2 * CARD_SIDE_MM, NARROWEST_CARD_MM)

    @property
    def height(self) -> float:
        """The height of the card."""
        return self.size + CARD_TEXT_MM

    def draw(self, pdf: FPDF, revision: CodeRevision, left: float, top: float) -> None:
        """Draw the card of a revision."""
        text_left, text_width = left + 2, self.width - 4
        write_line(pdf, revision.code.shop.name, Line(text_left, top + 6.2, text_width), Look(9))
        draw_code(pdf, revision.payload, left + (self.width - self.size) / 2, top + 7.5, self.size)
        below = top + 7.5 + self.size
        write_line(pdf, revision.placement, Line(text_left, below + 6, text_width), Look(16, "B"))
        for number, line in enumerate(_in_both_languages(_how_to_pay)):
            baseline = below + 11 + 3.2 * number
            write_line(pdf, line, Line(text_left, baseline, text_width), Look(7, color=MUTED))


def pages_of(
    layout: PrintLayout, size: int, revisions: Iterable[CodeRevision]
) -> Iterator[Sequence[CodeRevision]]:
    """Yield the revisions of each page, in their order."""
    columns, rows = _columns_and_rows(Card(size)) if layout == PrintLayout.GRID else (1, 1)
    left = iter(revisions)
    while page := list(islice(left, columns * rows)):
        yield page


def draw_page(pdf: FPDF, layout: PrintLayout, size: int, revisions: Sequence[CodeRevision]) -> None:
    """Add a page with these revisions."""
    if layout == PrintLayout.GRID:
        _draw_grid(pdf, Card(size), revisions)
    elif layout == PrintLayout.STICKER:
        card = Card(size)
        pdf.add_page(format=(card.width, card.height))
        card.draw(pdf, revisions[0], 0, 0)
    else:
        _draw_tent(pdf, size, revisions[0])


def _columns_and_rows(card: Card) -> tuple[int, int]:
    width, height = (side - 2 * A4_MARGIN_MM for side in A4_MM)
    return int(width // card.width), int(height // card.height)


def _draw_grid(pdf: FPDF, card: Card, revisions: Sequence[CodeRevision]) -> None:
    """Draw cards side by side, with one line to cut between neighbours."""
    pdf.add_page(format=A4_MM)
    columns, rows = _columns_and_rows(card)
    left = (A4_MM[0] - columns * card.width) / 2
    top = (A4_MM[1] - rows * card.height) / 2
    for number, revision in enumerate(revisions):
        row, column = divmod(number, columns)
        x, y = left + column * card.width, top + row * card.height
        pdf.set_draw_color(RULE)
        pdf.set_line_width(RULE_MM)
        pdf.rect(x, y, card.width, card.height)
        card.draw(pdf, revision, x, y)


def _draw_tent(pdf: FPDF, size: float, revision: CodeRevision) -> None:
    """Draw both faces of a tent: the page is folded in the middle, its print outside."""
    pdf.add_page(format=A4_MM)
    width, height = A4_MM
    middle = height / 2
    pdf.set_draw_color(RULE)
    pdf.set_line_width(RULE_MM)
    pdf.set_dash_pattern(dash=2, gap=2)
    pdf.line(0, middle, width, middle)
    pdf.set_dash_pattern()
    _draw_face(pdf, size, revision, middle)
    with pdf.rotation(180, width / 2, middle):
        _draw_face(pdf, size, revision, middle)


def _draw_face(pdf: FPDF, size: float, revision: CodeRevision, top: float) -> None:
    """Draw the face below `top`: the code on the left, the words on the right."""
    margin, height = 14.0, A4_MM[1] / 2
    draw_code(pdf, revision.payload, margin, top + (height - size) / 2, size)
    left = margin + size + 8
    width = A4_MM[0] - margin - left
    first = top + height / 2 - 42

    def write(text: str, below_first: float, points: float, style: str, color: Any) -> None:
        line = Line(left, first + below_first, width)
        write_line(pdf, text, line, Look(points, style, color, is_centred=False))

    write(revision.code.shop.name, 0, 20, "", MUTED)
    lines = in_two_lines(revision.placement)
    for number, part in enumerate(lines):
        write(part, 15 if len(lines) == 1 else 9.5 + 8 * number, 40 / len(lines), "B", TEXT)
    for block, lines in enumerate(_in_both_languages(_steps)):
        for number, line in enumerate(lines):
            below_first = 30 + 33 * block + 6.5 * number
            write(line, below_first, 13, "" if number else "B", MUTED if block else TEXT)


def _how_to_pay() -> str:
    return gettext("Scan with the SEQR app and pay")


def _steps() -> list[str]:
    return [
        gettext("Order and pay here"),
        gettext("1. Scan the code with the SEQR app"),
        gettext("2. Choose and order"),
        gettext("3. Pay with your PIN"),
    ]


def _in_both_languages(words: Callable[[], T]) -> Iterator[T]:
    """Yield the words in Swedish and in English, whatever the language of the staff is."""
    for language in LANGUAGES:
        with override(language):
            found = words()
        yield found
