"""SEQR's references, shortened for people, and copied whole."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.translation import gettext

from seqrshop.backoffice.formatting import EMPTY_VALUE

LONGEST_WHOLE_REFERENCE = 12
SHOWN_REFERENCE_CHARACTERS = 8


def short_reference(reference: str | None) -> str:
    """Return a reference, its last characters if it is long, as a button that copies the whole."""
    if not reference:
        return EMPTY_VALUE
    is_long = len(reference) > LONGEST_WHOLE_REFERENCE
    return format_html(
        '<button type="button" class="reference" title="{}" data-copy-text="{}"'
        ' data-copied="{}">{}</button>',
        reference,
        reference,
        gettext("Copied"),
        f"…{reference[-SHOWN_REFERENCE_CHARACTERS:]}" if is_long else reference,
    )
