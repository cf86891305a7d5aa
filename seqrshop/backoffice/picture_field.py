"""Pictures in forms and lists: uploaded as a file, stored as a small WebP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.widgets import AdminFileWidget
from django.core.files import File
from django.forms import FileField
from django.utils.html import format_html
from django.utils.text import capfirst

from orders.models import Picture
from seqrshop.backoffice.formatting import EMPTY_VALUE

THUMBNAIL_PIXELS = 40


class PictureField(FileField):
    """A file to upload, the present picture, or None to remove it.

    `make` turns the file into an unsaved picture, or raises ValidationError.
    """

    def __init__(
        self, make: Callable[[File[bytes]], Picture], *, label: Any, help_text: Any
    ) -> None:
        accepted = {"accept": "image/jpeg,image/png,image/webp"}  # makes phones convert theirs
        super().__init__(
            required=False,
            widget=AdminFileWidget(attrs=accepted),
            label=capfirst(label),
            help_text=help_text,
        )
        self._make = make

    def to_python(self, data: Any) -> Any:
        """Return the picture made of the file."""
        file = super().to_python(data)
        return None if file is None else self._make(file)

    def clean(self, data: Any, initial: Any = None) -> Picture | None:
        """Return the picture, or None if the box that removes it is ticked."""
        return super().clean(data, initial) or None


def thumbnail(picture: Picture | None, alt: str) -> str:
    """Return a picture for a list, loaded once it is in sight."""
    if picture is None:
        return EMPTY_VALUE
    return format_html(
        '<img src="{}" width="{}" height="{}" alt="{}" loading="lazy">',
        picture.url,
        THUMBNAIL_PIXELS,
        THUMBNAIL_PIXELS,
        alt,
    )
