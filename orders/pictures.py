"""Pictures: what the staff upload becomes a small WebP of our own making.

Nothing of the file goes on to customers but its pixels: neither where and when a photo was taken,
nor what somebody may have hidden in it.
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
LARGEST_FILE = 10 * 1024 * 1024  # bytes; a phone's photo is a third of it
MOST_PIXELS = 30_000_000  # 120 MB while it is read
LARGEST_CONTENT = 12 * 1024  # bytes; twenty of them load in a second where the network is poor
QUALITIES = (82, 65, 45, 25, 5)  # the first that is small enough; mere noise takes the last
PRODUCT_PIXELS = 320
LOGO_PIXELS = (256, 144)  # three to each that the page gives it

# What Pillow raises for files that are broken, or made to break it.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    struct.error,
)


def product_picture(file: File[bytes]) -> Picture:
    """Return a product's picture, not saved yet: the middle square of what was uploaded.

    Raises ValidationError, with a sentence for who uploaded it.
    """
    image = _read(file, PRODUCT_PIXELS)
    edge = min(PRODUCT_PIXELS, *image.size)
    return _picture(ImageOps.fit(image, (edge, edge)))


def logo(file: File[bytes]) -> Picture:
    """Return a shop's logo, not saved yet: all of what was uploaded, in its own proportions.

    Raises ValidationError, with a sentence for who uploaded it.
    """
    image = _read(file, max(LOGO_PIXELS))
    image.thumbnail(LOGO_PIXELS)
    return _picture(image)


def keep(picture: Picture | None) -> Picture | None:
    """Save a new picture, or return the same one kept before."""
    if picture is None or not picture._state.adding:
        return picture
    same = {"content": picture.content, "width": picture.width, "height": picture.height}
    return Picture.objects.get_or_create(digest=picture.digest, defaults=same)[0]


def _read(file: File[bytes], pixels: int) -> Image.Image:
    if file.size > LARGEST_FILE:
        raise ValidationError(
            _("The file is larger than %(most)d MB."), params={"most": LARGEST_FILE // 1024**2}
        )
    try:
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height <= MOST_PIXELS:
            image.draft("RGB", (2 * pixels, 2 * pixels))  # a large JPEG is read at a part of it
            upright = ImageOps.exif_transpose(image)
            return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Image.DecompressionBombError:
        pass  # far more still
    except _BROKEN as error:
        raise ValidationError(
            _("This is no JPEG, PNG or WebP picture, or a broken one.")
        ) from error
    raise ValidationError(
        _("The picture has more than %(most)d million pixels."),
        params={"most": MOST_PIXELS // 1_000_000},
    )


def _picture(image: Image.Image) -> Picture:
    content = b""
    for quality in QUALITIES:
        content = _webp(image, quality)
        if len(content) <= LARGEST_CONTENT:
            break
    width, height = image.size
    digest = sha256(content).hexdigest()
    return Picture(digest=digest, content=content, width=width, height=height)


def _webp(image: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    nothing = {"exif": b"", "icc_profile": b"", "xmp": b""}
    image.save(file, "WEBP", quality=quality, **nothing)
    return file.getvalue()
