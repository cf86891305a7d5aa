"""The images of printed QR codes, drawn when they are asked for.

SEQR's print guidelines: version 4 (33 × 33 modules), error correction M, a white border of 2
modules, at most 50 characters in capitals. The dark modules are CMYK 67/67/67/100; the nearest
RGB, the only colour space of SVG and PNG, is black.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import groupby
from typing import Any

import qrcode
from PIL import Image

VERSION = 4
MODULES = 33
BORDER_MODULES = 2
WIDTH_MODULES = MODULES + 2 * BORDER_MODULES
DEFAULT_SIZE_MM = 37
MIN_PNG_DPI = 300
PNG_PIXELS_PER_MODULE = 32  # 1184 pixels in all: 10 cm at 300 dpi
MM_PER_INCH = 25.4
REMEMBERED_CODES = 2048

Matrix = tuple[tuple[bool, ...], ...]
Run = tuple[int, int, int]
"""Dark modules side by side: column, row and number."""


@lru_cache(maxsize=REMEMBERED_CODES)
def modules_of(text: str) -> Matrix:
    """Return the modules of a code with this text, row by row, without the border: dark is True."""
    # Fifty bytes fit version 4-M in any mode, so the version never grows.
    code: qrcode.QRCode[Any] = qrcode.QRCode(
        version=VERSION, error_correction=qrcode.ERROR_CORRECT_M, border=0
    )
    code.add_data(text)
    code.make(fit=False)
    return tuple(map(tuple, code.get_matrix()))


def dark_runs(rows: Sequence[Sequence[bool]]) -> Iterator[Run]:
    """Yield the runs of dark modules, row by row."""
    for y, row in enumerate(rows):
        x = 0
        for dark, modules in groupby(row):
            width = len(list(modules))
            if dark:
                yield x, y, width
            x += width


def svg_path(rows: Sequence[Sequence[bool]], border: int = 0) -> str:
    """Return the path of the dark modules. A module is one unit wide."""
    return "".join(
        f"M{x + border} {y + border}h{width}v1h-{width}z" for x, y, width in dark_runs(rows)
    )


def svg_of(text: str, size_mm: int = DEFAULT_SIZE_MM) -> str:
    """Return an SVG image of a code with this text, `size_mm` wide with its border."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size_mm}mm" height="{size_mm}mm"'
        f' viewBox="0 0 {WIDTH_MODULES} {WIDTH_MODULES}">'
        f'<rect width="{WIDTH_MODULES}" height="{WIDTH_MODULES}" fill="#fff"/>'
        f'<path d="{svg_path(modules_of(text), BORDER_MODULES)}" fill="#000"'
        ' shape-rendering="crispEdges"/></svg>'
    )


def png_of(text: str, size_mm: int | None = None) -> bytes:
    """Return a black and white PNG image of a code with this text.

    It has PNG_PIXELS_PER_MODULE; with a size, at least MIN_PNG_DPI, and a resolution by which it
    prints in that size. Each module has equally many pixels.
    """
    per_module, options = PNG_PIXELS_PER_MODULE, {}
    if size_mm is not None:
        inches = size_mm / MM_PER_INCH
        per_module = -int(-MIN_PNG_DPI * inches // WIDTH_MODULES)
        dpi = per_module * WIDTH_MODULES / inches
        options = {"dpi": (dpi, dpi)}
    image = Image.new("1", (WIDTH_MODULES, WIDTH_MODULES), 1)
    for x, y, width in dark_runs(modules_of(text)):
        left, top = x + BORDER_MODULES, y + BORDER_MODULES
        image.paste(0, (left, top, left + width, top + 1))
    side = per_module * WIDTH_MODULES
    file = BytesIO()
    image.resize((side, side), Image.Resampling.NEAREST).save(file, "PNG", **options)
    return file.getvalue()
