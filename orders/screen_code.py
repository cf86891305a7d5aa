"""A QR code to scan from a screen, as an SVG path in the page.

No third party draws it, since that party would learn of every invoice.
"""

from collections.abc import Iterator
from itertools import groupby

import qrcode


def drawing_of(text: str) -> tuple[int, str]:
    """Return the width of a code of this text in modules, and the path of its dark modules.

    A module is one unit wide in the path, and the code has no border. Each run of dark modules in a
    row is one rectangle.
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
