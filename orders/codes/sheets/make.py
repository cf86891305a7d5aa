"""Makes a print file, and reads each code back from it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.text import slugify
from django.utils.translation import gettext
from fpdf import FPDF

from orders.codes.drawing import png_of, svg_of
from orders.codes.sheets.kinds import CodeNotReadable, Progress
from orders.codes.sheets.layouts import draw_page, pages_of
from orders.codes.sheets.read_back import read_pages, read_png
from orders.models import CodeRevision, PrintLayout
from orders.pdf_font import add_font


def make_file(
    layout: PrintLayout, size_mm: int, revisions: Sequence[CodeRevision], progress: Progress
) -> bytes:
    """Return a file with the codes of these revisions, each read back from it.

    A revision's code and shop are read with it. Raises CodeNotReadable.
    """
    if layout == PrintLayout.IMAGES:
        return _archive(size_mm, revisions, progress)
    pages = list(pages_of(layout, size_mm, revisions))
    steps = 2 * len(pages)
    pdf = FPDF()
    add_font(pdf)
    pdf.set_auto_page_break(False)
    pdf.set_title(gettext("QR codes"))
    for number, page in enumerate(pages, start=1):
        draw_page(pdf, layout, size_mm, page)
        progress(number, steps)
    content = bytes(pdf.output())
    faces = 2 if layout == PrintLayout.TENT else 1
    read = read_pages(content, size_mm)
    for number, (page, texts) in enumerate(zip(pages, read, strict=True), start=1):
        if texts != sorted([revision.payload for revision in page] * faces):
            raise CodeNotReadable(", ".join(revision.placement for revision in page))
        progress(len(pages) + number, steps)
    return content


def _archive(size_mm: int, revisions: Sequence[CodeRevision], progress: Progress) -> bytes:
    """Return a ZIP with an SVG and a PNG of each code, by shop and placement."""
    file = BytesIO()
    names: set[str] = set()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for number, revision in enumerate(revisions, start=1):
            png = png_of(revision.payload, size_mm)
            if read_png(png) != [revision.payload]:
                raise CodeNotReadable(revision.placement)
            name = _name(revision, names)
            archive.writestr(f"{name}.svg", svg_of(revision.payload, size_mm))
            archive.writestr(f"{name}.png", png)
            progress(number, len(revisions))
    return file.getvalue()


def _name(revision: CodeRevision, taken: set[str]) -> str:
    """Return the name of a code's images; placements may differ by signs that no name has."""
    name = f"{revision.code.shop.slug}/{slugify(revision.placement) or revision.code_id}"
    if name in taken:
        name += f"-{revision.code_id}"
    taken.add(name)
    return name
