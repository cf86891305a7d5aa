"""Print files: every code is read back, also small, turned and blurred; vectors in SEQR's inks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image, ImageFilter
from pypdf import PdfReader

from orders.codes.drawing import png_of
from orders.codes.sheets import SIZES_MM, CodeNotReadable, make, make_file
from orders.codes.sheets.layouts import draw_page
from orders.codes.sheets.read_back import read_codes, read_pages, read_png
from orders.models import CodeRevision, PrintLayout, QrCode, Shop

SHOP = Shop(name="Kafé Lyktan", slug="lyktan", service_id="LYKTAN")
A4_POINTS = (595, 842)
PDF_LAYOUTS = [PrintLayout.GRID, PrintLayout.STICKER, PrintLayout.TENT]
FACES = {PrintLayout.TENT: 2}


def revisions(number: int, placement: str = "Bord {}") -> list[CodeRevision]:
    """Return revisions of the codes of tables 1 to this number."""
    return [
        CodeRevision(
            code=QrCode(pk=n, shop=SHOP, placement=placement.format(n)),
            placement=placement.format(n),
            payload=f"HTTP://SEQR.SE/000/LYKTAN?TABLE={n}",
        )
        for n in range(1, number + 1)
    ]


def no_progress(_done: int, _steps: int) -> None:
    """Ignore the progress."""


def pages(pdf: bytes, dpi: int = 150) -> Iterator[Image.Image]:
    """Yield the pages as a printer would rasterise them."""
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield page.render(scale=dpi / 72).to_pil()
    document.close()


@pytest.mark.parametrize("layout", PDF_LAYOUTS)
@pytest.mark.parametrize("which", ["least", "default", "most"])
def test_each_code_of_a_pdf_is_read_back_in_each_size(layout: PrintLayout, which: str) -> None:
    size = getattr(SIZES_MM[layout], which)
    chosen = revisions(4)

    pdf = make_file(layout, size, chosen, no_progress)

    texts = [text for page in pages(pdf) for text in read_codes(page)]
    assert sorted(texts) == sorted([each.payload for each in chosen] * FACES.get(layout, 1))


@cache
def page_for_photos(layout: PrintLayout) -> Image.Image:
    """Return a page with the code of table 1 in its usual size."""
    pdf = make_file(layout, SIZES_MM[layout].default, revisions(1), no_progress)
    (page,) = pages(pdf, dpi=300)
    return page


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda page: page.reduce(2), id="reduced"),
        pytest.param(lambda page: page.rotate(7, expand=True, fillcolor="white"), id="turned"),
        pytest.param(lambda page: page.rotate(90, expand=True), id="on its side"),
        pytest.param(lambda page: page.filter(ImageFilter.GaussianBlur(4)), id="blurred"),
        pytest.param(
            lambda page: (
                page.reduce(2)
                .rotate(31, expand=True, fillcolor="white")
                .filter(ImageFilter.GaussianBlur(1.5))
            ),
            id="all of it",
        ),
    ],
)
@pytest.mark.parametrize("layout", PDF_LAYOUTS)
def test_printed_code_is_read_from_a_bad_photo(layout: PrintLayout, change: object) -> None:
    assert callable(change)

    assert set(read_codes(change(page_for_photos(layout)))) == {"HTTP://SEQR.SE/000/LYKTAN?TABLE=1"}


@pytest.mark.parametrize("layout", PDF_LAYOUTS)
def test_pdf_has_vectors_in_the_inks_of_the_print_guidelines(layout: PrintLayout) -> None:
    pdf = PdfReader(io.BytesIO(make_file(layout, 50, revisions(2), no_progress)))

    for page in pdf.pages:
        operators = page.get_contents()
        assert operators is not None
        drawn = operators.get_data().decode("latin-1")
        assert "0.67 0.67 0.67 1 k" in drawn
        assert "/XObject" not in str(page.get("/Resources"))
        assert " rg" not in drawn  # no colour of a screen


def test_grid_page_has_the_shop_the_placement_and_how_to_pay_in_both_languages() -> None:
    pdf = PdfReader(io.BytesIO(make_file(PrintLayout.GRID, 40, revisions(14), no_progress)))

    text = pdf.pages[0].extract_text()

    assert [round(side) for side in pdf.pages[0].mediabox[2:]] == list(A4_POINTS)
    assert len(pdf.pages) == 2
    assert "Kafé Lyktan" in text
    assert "Bord 12" in text
    assert "Skanna med SEQR-appen och betala" in text
    assert "Scan with the SEQR app and pay" in text


def test_code_has_the_chosen_width_and_a_white_border_of_two_modules() -> None:
    (page,) = pages(make_file(PrintLayout.STICKER, 74, revisions(1), no_progress), dpi=254)
    dark = page.convert("L").point(lambda grey: 255 if grey < 100 else 0)
    code = dark.crop((0, 75, dark.width, 75 + 740))  # below the name, 10 pixels to the millimetre

    box = code.getbbox()

    assert box is not None
    left, top, right, bottom = box
    assert right - left == pytest.approx(33 * 20, abs=2)  # a module of 2 mm
    assert top == pytest.approx(2 * 20, abs=2)
    assert code.height - bottom == pytest.approx(2 * 20, abs=2)


@pytest.mark.parametrize("layout", PDF_LAYOUTS)
def test_long_placement_and_unprintable_name_fit_their_place(layout: PrintLayout) -> None:
    chosen = revisions(3, "Uteservering, bordet längst ned till vänster vid den eken {}")

    pdf = PdfReader(io.BytesIO(make_file(layout, 40, chosen, no_progress)))

    for page in pdf.pages:
        assert "Uteservering, bordet" in page.extract_text().replace("\n", " ")


def test_placement_that_is_cut_ends_without_a_space() -> None:
    far = revisions(1, "Bord" + " " * 200 + "{}")

    pdf = PdfReader(io.BytesIO(make_file(PrintLayout.GRID, 40, far, no_progress)))

    assert "Bord…" in pdf.pages[0].extract_text()


def test_archive_has_both_images_of_each_code_in_the_chosen_size() -> None:
    content = make_file(PrintLayout.IMAGES, 60, revisions(3), no_progress)

    archive = zipfile.ZipFile(io.BytesIO(content))
    names = archive.namelist()

    assert names == [f"lyktan/bord-{n}.{kind}" for n in (1, 2, 3) for kind in ("svg", "png")]
    assert read_png(archive.read("lyktan/bord-2.png")) == ["HTTP://SEQR.SE/000/LYKTAN?TABLE=2"]
    assert b'width="60mm"' in archive.read("lyktan/bord-2.svg")


def test_placements_with_the_same_file_name_have_files_of_their_own() -> None:
    same = [*revisions(1, "Bord 1"), *revisions(2, "Bord: 1")[1:]]

    archive = zipfile.ZipFile(io.BytesIO(make_file(PrintLayout.IMAGES, 50, same, no_progress)))

    names = [f"lyktan/bord-1{end}" for end in ("", f"-{same[1].code_id}")]
    assert archive.namelist() == [f"{name}.{kind}" for name in names for kind in ("svg", "png")]


@pytest.mark.parametrize("layout", list(PrintLayout))
def test_file_with_the_code_of_another_table_is_not_offered(
    layout: PrintLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_table_three(pdf: FPDF, kind: PrintLayout, size: int, page: list[Any]) -> None:
        draw_page(pdf, kind, size, revisions(3)[3 - len(page) :])

    monkeypatch.setattr(make, "draw_page", draw_table_three)
    monkeypatch.setattr(make, "png_of", lambda _text, size: png_of("HTTP://SEQR.SE/R1", size))

    with pytest.raises(CodeNotReadable):
        make_file(layout, 50, revisions(2), no_progress)


@pytest.mark.parametrize("layout", list(PrintLayout))
def test_progress_grows_until_all_steps_are_done(layout: PrintLayout) -> None:
    seen: list[tuple[int, int]] = []

    make_file(layout, 50, revisions(14), lambda done, steps: seen.append((done, steps)))

    assert all(later[0] > earlier[0] for earlier, later in pairwise(seen))
    assert seen[-1][0] == seen[-1][1]


def test_pages_are_read_in_order() -> None:
    pdf = make_file(PrintLayout.STICKER, 50, revisions(3), no_progress)

    assert list(read_pages(pdf, 50)) == [
        [f"HTTP://SEQR.SE/000/LYKTAN?TABLE={n}"] for n in (1, 2, 3)
    ]
