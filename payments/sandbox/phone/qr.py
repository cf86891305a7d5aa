"""Draws printed codes.

Source: SEQR's print guidelines: version 4, error correction level M, two modules of padding.
"""

from functools import lru_cache

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathFillImage


@lru_cache(maxsize=200)
def svg(payload: str) -> bytes:
    """Draw the payload as a QR code in SVG on white, larger than version 4 only if needed."""
    code = qrcode.QRCode(version=4, error_correction=ERROR_CORRECT_M, border=2)
    code.add_data(payload)
    code.make(fit=True)
    return code.make_image(image_factory=SvgPathFillImage).to_string(encoding="unicode").encode()
