"""Files as the staff upload them."""

from __future__ import annotations

import io
import random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def drawn(size: tuple[int, int], colour: Any = "#c98743", mode: str = "RGB") -> Image.Image:
    """Return an image of one colour."""
    return Image.new(mode, size, colour)


def noise(size: tuple[int, int]) -> Image.Image:
    """Return an image that nothing can be left out of: the hardest to make small."""
    return Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))


def upload(image: Image.Image, form: str = "PNG", **options: Any) -> SimpleUploadedFile:
    """Return the image as a file of this form."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return SimpleUploadedFile(f"picture.{form.lower()}", file.getvalue())


def opened(content: bytes | memoryview) -> Image.Image:
    """Return what a browser would show."""
    return Image.open(io.BytesIO(content))
