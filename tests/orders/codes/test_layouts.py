"""The pages of the PDF layouts: what is written where, in millimetres from the top left corner."""

from __future__ import annotations

import io

import pytest
from fpdf import FPDF
from pypdf import PageObject, PdfReader

from orders.codes.sheets import make_file
from orders.codes.sheets.parts import ELLIPSIS, Line, Look, in_two_lines, write_line
from orders.models import CodeRevision, PrintLayout
from orders.pdf_font import FONT, add_font
from tests.orders.codes.drawn_parts import DrawnParts
from tests.orders.codes.test_sheets import no_progress, revisions


def pages(layout: PrintLayout, size: int, chosen: list[CodeRevision]) -> list[PageObject]:
    return list(PdfReader(io.BytesIO(make_file(layout, size, chosen, no_progress))).pages)


def mm(page: PageObject) -> list[int]:
    """Return the width and the height of a page."""
    return [round(float(side) * 25.4 / 72) for side in page.mediabox[2:]]


def test_grid_fills_an_a4_page_with_cards_row_by_row_and_lines_to_cut_along() -> None:
    first, second, third = pages(PrintLayout.GRID, 60, revisions(14))

    drawn = DrawnParts(first)

    assert [mm(page) for page in (first, second, third)] == [[210, 297]] * 3
    assert drawn.texts[:4] == [
        "Kafé Lyktan at 61.3 25.7: 9.0 points black",
        "Bord 1 at 60.9 93.0: 16.0 points bold black",
        "Skanna med SEQR-appen och betala at 49.0 98.0: 7.0 points grey",
        "Scan with the SEQR app and pay at 51.3 101.2: 7.0 points grey",
    ]
    assert drawn.texts[1::4] == [
        "Bord 1 at 60.9 93.0: 16.0 points bold black",
        "Bord 2 at 130.9 93.0: 16.0 points bold black",
        "Bord 3 at 60.9 179.0: 16.0 points bold black",
        "Bord 4 at 130.9 179.0: 16.0 points bold black",
        "Bord 5 at 60.9 265.0: 16.0 points bold black",
        "Bord 6 at 130.9 265.0: 16.0 points bold black",
    ]
    assert drawn.lines == [
        "35.0 19.5 to 105.0 105.5: 0.15 mm light grey",
        "105.0 19.5 to 175.0 105.5: 0.15 mm light grey",
        "35.0 105.5 to 105.0 191.5: 0.15 mm light grey",
        "105.0 105.5 to 175.0 191.5: 0.15 mm light grey",
        "35.0 191.5 to 105.0 277.5: 0.15 mm light grey",
        "105.0 191.5 to 175.0 277.5: 0.15 mm light grey",
    ]
    assert drawn.codes == [
        "43.2 30.2 to 96.8 83.8: inks of the code",
        "113.2 30.2 to 166.8 83.8: inks of the code",
        "43.2 116.2 to 96.8 169.8: inks of the code",
        "113.2 116.2 to 166.8 169.8: inks of the code",
        "43.2 202.2 to 96.8 255.8: inks of the code",
        "113.2 202.2 to 166.8 255.8: inks of the code",
    ]
    assert len(DrawnParts(third).codes) == 2


def test_sticker_of_a_small_code_is_wide_enough_for_its_words() -> None:
    page = pages(PrintLayout.STICKER, 30, revisions(1))[0]

    drawn = DrawnParts(page)

    assert mm(page) == [42, 56]
    assert drawn.texts == [
        "Kafé Lyktan at 12.3 6.2: 9.0 points black",
        "Bord 1 at 11.9 43.5: 16.0 points bold black",
        "Skanna med SEQR-appen och betala at 2.2 48.5: 6.3 points grey",
        "Scan with the SEQR app and pay at 2.3 51.7: 7.0 points grey",
    ]
    assert drawn.codes == ["7.6 9.1 to 34.4 35.9: inks of the code"]
    assert drawn.lines == []


def test_sticker_of_a_large_code_has_five_millimetres_beside_it() -> None:
    page, second = pages(PrintLayout.STICKER, 60, revisions(2))

    assert mm(page) == mm(second) == [70, 86]
    assert DrawnParts(page).codes == ["8.2 10.7 to 61.8 64.3: inks of the code"]


STEPS_OF_A_TENT = [
    "Beställ och betala här at 82.0 210.7: 13.0 points bold black",
    "1. Skanna koden med SEQR-appen at 82.0 217.3: 13.0 points black",
    "2. Välj och beställ at 82.0 223.7: 13.0 points black",
    "3. Betala med din PIN-kod at 82.0 230.3: 13.0 points black",
    "Order and pay here at 82.0 243.8: 13.0 points bold grey",
    "1. Scan the code with the SEQR app at 82.0 250.2: 13.0 points grey",
    "2. Choose and order at 82.0 256.8: 13.0 points grey",
    "3. Pay with your PIN at 82.0 263.2: 13.0 points grey",
]


def test_tent_has_a_line_to_fold_along_and_an_upright_and_a_turned_face() -> None:
    page = pages(PrintLayout.TENT, 60, revisions(1))[0]

    drawn = DrawnParts(page)

    assert mm(page) == [210, 297]
    assert drawn.texts[:10] == [
        "Kafé Lyktan at 82.0 180.7: 20.0 points grey",
        "Bord 1 at 82.0 195.7: 40.0 points bold black",
        *STEPS_OF_A_TENT,
    ]
    assert drawn.texts[10:12] == [
        "Kafé Lyktan at 128.0 116.3: 20.0 points grey",
        "Bord 1 at 128.0 101.3: 40.0 points bold black",
    ]
    assert drawn.texts[-1] == "3. Pay with your PIN at 128.0 33.8: 13.0 points grey"
    assert len(drawn.texts) == 20
    assert drawn.lines == ["0.0 148.5 to 210.0 148.5: 0.15 mm dashed light grey"]
    assert drawn.codes == [
        "17.2 196.0 to 70.8 249.5: inks of the code",
        "139.2 47.5 to 192.8 101.0: inks of the code",
    ]


def test_long_placement_has_two_smaller_lines_on_a_tent() -> None:
    page = pages(PrintLayout.TENT, 60, revisions(1, "Uteservering, bord {}"))[0]

    assert DrawnParts(page).texts[:11] == [
        "Kafé Lyktan at 82.0 180.7: 20.0 points grey",
        "Uteservering, at 82.0 190.2: 20.0 points bold black",
        "bord 1 at 82.0 198.3: 20.0 points bold black",
        *STEPS_OF_A_TENT,
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Fönsterbord nummer", ["Fönsterbord nummer"]),  # 18 characters
        ("Fönsterbord nummer4", ["Fönsterbord", "nummer4"]),
        ("Bord i trädgården vid eken", ["Bord i trädgården", "vid eken"]),
        ("Bord 4, trädgårdsserveringen", ["Bord 4,", "trädgårdsserveringen"]),
        ("Trädgårdsserveringen", ["Trädgårdsserveringen"]),
    ],
)
def test_long_placement_is_parted_at_the_space_nearest_to_its_middle(
    text: str, lines: list[str]
) -> None:
    assert in_two_lines(text) == lines


@pytest.mark.parametrize(
    ("text", "place", "written"),
    [
        ("Bord", "Bord", "Bord at 10.0 20.0: 9.0 points black"),
        ("Bord 4", "Bord", "Bord 4 at 10.0 20.0: 6.5 points black"),
        ("Bordet vid eken", "Bord", "Bord… at 10.0 20.0: 5.0 points black"),
        ("Bord vid den gamla eken", "Bord", "Bord… at 10.0 20.0: 5.0 points black"),
    ],
)
def test_text_too_long_for_its_place_is_smaller_and_then_cut(
    text: str, place: str, written: str
) -> None:
    """The place is as wide as its text, or as the shortened one in the smallest letters."""
    pdf = FPDF()
    add_font(pdf)
    pdf.add_page()
    cut = ELLIPSIS in written
    pdf.set_font(FONT, "", 5 if cut else 9)
    width = pdf.get_string_width(place + ELLIPSIS * cut)

    write_line(pdf, text, Line(10, 20, width), Look(9))

    (page,) = PdfReader(io.BytesIO(bytes(pdf.output()))).pages
    assert DrawnParts(page).texts == [written]
