"""Turns an uploaded image into a small WebP picture.

Only the pixels of the file reach customers: neither the place and time of a photo, nor anything
hidden in the file.
"""

from __future__ import annotations

import struct
from hashlib import sha256
from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from orders.models import Picture

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_FILE_BYTES = 10 * 1024 * 1024  # three times a phone's photo
MAX_PIXELS = 30_000_000  # 120 MB of memory while it is decoded
MAX_CONTENT_BYTES = 12 * 1024  # twenty pictures load in a second on a poor network
MAX_LARGE_CONTENT_BYTES = 80 * 1024  # one at a time, and only for a customer who opens a product
QUALITIES = (82, 65, 45, 25, 5)  # the first that is small enough; pure noise needs the last
PRODUCT_PIXELS = 320
LARGE_PIXELS = 800  # the width of a phone's page, at twice its pixels
LOGO_PIXELS = (256, 144)  # three times its size on the page

# Pillow raises these for broken and for malicious files.
_DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    struct.error,
)


def make_product_picture(file: File[bytes]) -> Picture:
    """Return a product's unsaved picture: the middle square of the uploaded image.

    Raises ValidationError, with a sentence for the person who uploaded it.
    """
    image = _read(file, PRODUCT_PIXELS)
    edge = min(PRODUCT_PIXELS, *image.size)
    return _picture(ImageOps.fit(image, (edge, edge)))


def make_large_product_picture(file: File[bytes]) -> Picture | None:
    """Return a product's unsaved large picture: the whole uploaded image, in its own proportions.

    None if the image is no larger than the small picture. Raises ValidationError, as
    `make_product_picture` does.
    """
    image = _read(file, LARGE_PIXELS)
    if max(image.size) <= PRODUCT_PIXELS:
        return None
    image.thumbnail((LARGE_PIXELS, LARGE_PIXELS))
    return _picture(image, MAX_LARGE_CONTENT_BYTES)


def make_logo(file: File[bytes]) -> Picture:
    """Return a shop's unsaved logo: the whole uploaded image, in its own proportions.

    Raises ValidationError, with a sentence for the person who uploaded it.
    """
    image = _read(file, max(LOGO_PIXELS))
    image.thumbnail(LOGO_PIXELS)
    return _picture(image)


def save_once(picture: Picture | None) -> Picture | None:
    """Save a new picture; return the saved one with the same content if there is one."""
    if picture is None or not picture._state.adding:
        return picture
    same = {"content": picture.content, "width": picture.width, "height": picture.height}
    return Picture.objects.get_or_create(digest=picture.digest, defaults=same)[0]


def _read(file: File[bytes], pixels: int) -> Image.Image:
    if file.size > MAX_FILE_BYTES:
        raise ValidationError(
            _("The file is larger than %(most)d MB."), params={"most": MAX_FILE_BYTES // 1024**2}
        )
    try:
        file.seek(0)  # two pictures may be made of one file
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height <= MAX_PIXELS:
            image.draft(
                "RGB", (2 * pixels, 2 * pixels)
            )  # decodes a large JPEG at a fraction of its size
            upright = ImageOps.exif_transpose(image)
            return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Image.DecompressionBombError:
        pass  # more than twice Pillow's own limit
    except _DECODING_ERRORS as error:
        raise ValidationError(_("The file is not a valid JPEG, PNG or WebP picture.")) from error
    raise ValidationError(
        _("The picture has more than %(most)d million pixels."),
        params={"most": MAX_PIXELS // 1_000_000},
    )


def _picture(image: Image.Image, most_bytes: int = MAX_CONTENT_BYTES) -> Picture:
    content = b""
    for quality in QUALITIES:
        content = _webp(image, quality)
        if len(content) <= most_bytes:
            break
    width, height = image.size
    digest = sha256(content).hexdigest()
    return Picture(digest=digest, content=content, width=width, height=height)


def _webp(image: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    nothing = {"exif": b"", "icc_profile": b"", "xmp": b""}
    image.save(file, "WEBP", quality=quality, **nothing)
    return file.getvalue()
