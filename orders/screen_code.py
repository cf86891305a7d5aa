"""A QR code to be scanned from a screen, as a drawing that the page makes itself.

Never by another's service, which would so learn of every invoice.
"""

from collections.abc import Iterator
from itertools import groupby

import qrcode


def drawing_of(text: str) -> tuple[int, str]:
    """Return how many modules wide a code of this text is, without its border, and its dark ones.

    These are the path of an SVG in which a module is one unit wide: a rectangle for each run of
    dark modules in a row.
    """
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    return len(rows), "".join(part for y, row in enumerate(rows) for part in _runs(row, y))


def _runs(row: list[bool], y: int) -> Iterator[str]:
    x = 0
    for dark, modules in groupby(row):
        width = len(list(modules))
        if dark:
            yield f"M{x} {y}h{width}v1h-{width}z"
        x += width
