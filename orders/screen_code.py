"""A QR code to scan from a screen, as an SVG path in the page.

No third party draws it, since that party would learn of every invoice.
"""

import qrcode

from orders.codes.drawing import svg_path


def drawing_of(text: str) -> tuple[int, str]:
    """Return the width of a code of this text in modules, and the path of its dark modules.

    A module is one unit wide in the path, and the code has no border. Each run of dark modules in a
    row is one rectangle.
    """
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    return len(rows), svg_path(rows)
