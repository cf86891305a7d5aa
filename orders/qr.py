"""Printed QR codes: their content, and their images.

SEQR's print guidelines: version 4 (33 × 33 modules), error correction M, a white border of 2
modules, at most 50 characters in capitals. The dark modules are CMYK 67/67/67/100; the nearest
RGB, the only colour space of SVG and PNG, is black.
"""

from io import BytesIO
from typing import Any

import qrcode
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage

from orders.models import QrCode, Shop
from payments.seqr.links import service_code_url

VERSION = 4
BORDER_MODULES = 2
PNG_PIXELS_PER_MODULE = 32  # 1184 pixels in all: 10 cm at 300 dpi
SVG_TENTHS_OF_MM_PER_MODULE = 10  # 37 mm in all; it may be scaled


def payload(shop: Shop, parameters: str) -> str:
    """Return the content of a shop's code with these parameters (`TABLE=4`, or none).

    Raises ValidationError, with a sentence for the person who typed them, if the content breaks the
    print guidelines.
    """
    try:
        return service_code_url(shop.service_id, parameters)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def save_qr_code(shop: Shop, placement: str, parameters: str, made_by: User | None) -> QrCode:
    """Create or regenerate the shop's code with these parameters, and return it.

    Raises ValidationError if the code would break the print guidelines.
    """
    code = QrCode.objects.filter(shop=shop, parameters=parameters).first()
    if code is None:
        code = QrCode(parameters=parameters)
    code.shop = shop
    code.placement = placement
    draw(code, made_by)
    return code


def draw(code: QrCode, made_by: User | None) -> None:
    """Generate a code's images from its shop and parameters, and save it.

    Raises ValidationError if the code would break the print guidelines; then nothing is saved.
    """
    code.payload = payload(code.shop, code.parameters)
    code.svg = svg_of(code.payload)
    code.png = png_of(code.payload)
    code.made_by = made_by
    code.made_at = Now()
    code.save()
    code.refresh_from_db(fields=["made_at"])


def svg_of(text: str) -> str:
    """Return an SVG image of a code with this text, 37 mm wide."""
    image = _modules(text, SVG_TENTHS_OF_MM_PER_MODULE).make_image(SvgPathFillImage)
    return image.to_string(encoding="unicode")


def png_of(text: str) -> bytes:
    """Return a black and white PNG image of a code with this text, 1184 pixels wide."""
    image = _modules(text, PNG_PIXELS_PER_MODULE).make_image(PilImage)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _modules(text: str, box_size: int) -> qrcode.QRCode[Any]:
    # Fifty bytes fit version 4-M in any mode, so the version never grows.
    code: qrcode.QRCode[Any] = qrcode.QRCode(
        version=VERSION,
        error_correction=qrcode.ERROR_CORRECT_M,
        box_size=box_size,
        border=BORDER_MODULES,
    )
    code.add_data(text)
    code.make(fit=False)
    return code
