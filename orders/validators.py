"""What the words of a service, a product and a printed code may be."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# The first part of every address of ours; a service of that slug could not be reached.
RESERVED_SLUGS = frozenset(
    {
        "admin",
        "back",
        "cancel",
        "failure",
        "health",
        "language",
        "notify",
        "order",
        "orders",
        "session",
        "static",
        "success",
    }
)


def validate_slug_is_free(slug: str) -> None:
    """Raise ValidationError where the slug is the name of one of our own addresses."""
    if slug in RESERVED_SLUGS:
        raise ValidationError(
            _("“%(slug)s” is the name of one of our own addresses. Choose another."),
            params={"slug": slug},
        )


def validate_service_id(service_id: str) -> None:
    """Raise ValidationError unless the service ID can stand in a printed code."""
    if not re.fullmatch(r"[0-9A-Z$*+.\-]{1,24}", service_id):
        raise ValidationError(
            _("A service ID has 1 to 24 capital letters, digits or the signs $ * + - .")
        )


def validate_currency(currency: str) -> None:
    """Raise ValidationError unless this has the form of an ISO 4217 code."""
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise ValidationError(_("A currency is three capital letters, such as SEK."))
