"""Reads codes back from the pages and images that a printer would get.

PDFium rasterises the pages, and ZXing reads the codes: neither has drawn them.
"""

from collections.abc import Iterator
from io import BytesIO
from threading import Lock

import pypdfium2
import zxingcpp
from PIL import Image

from orders.codes.drawing import MM_PER_INCH, WIDTH_MODULES

PIXELS_PER_MODULE = 6  # fewer than any camera or printer has
POINTS_PER_INCH = 72
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

_pdfium = Lock()  # PDFium must not be used by two threads at once


def read_pages(pdf: bytes, size_mm: float) -> Iterator[list[str]]:
    """Yield the texts of the codes of each page, in order. `size_mm` is a code's width.

    No other thread of the process reads pages meanwhile, so the caller does not pause for long.
    """
    pixels_per_mm = PIXELS_PER_MODULE * WIDTH_MODULES / size_mm
    scale = pixels_per_mm * MM_PER_INCH / POINTS_PER_INCH
    with _pdfium:
        document = pypdfium2.PdfDocument(pdf)
        try:
            for page in document:
                bitmap = page.render(scale=scale, grayscale=True)
                image = bitmap.to_pil()
                texts = read_codes(image)
                bitmap.close()
                page.close()
                yield texts
        finally:
            document.close()


def read_png(png: bytes) -> list[str]:
    """Return the texts of the codes of an image."""
    return read_codes(Image.open(BytesIO(png)).convert("L"))


def read_codes(image: Image.Image) -> list[str]:
    """Return the texts of an image's codes, sorted."""
    found = zxingcpp.read_barcodes(image, formats=_FORMATS)
    return sorted(code.text for code in found)
