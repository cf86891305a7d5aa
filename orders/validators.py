"""Validators of the fields of a shop."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from orders.colours import MIN_CONTRAST, WHITE, contrast

# The first part of our own paths: a shop with such a slug would be unreachable.
RESERVED_SLUGS = frozenset(
    {
        "accents",
        "admin",
        "cancel",
        "failure",
        "health",
        "language",
        "manifest.webmanifest",
        "my-orders",
        "my-orders.json",
        "notify",
        "order",
        "orders",
        "pictures",
        "privacy",
        "receipt-mails",
        "return",
        "session",
        "staff",
        "static",
        "success",
    }
)


def validate_slug_is_free(slug: str) -> None:
    """Raise ValidationError if the slug is the first part of one of our own paths."""
    if slug in RESERVED_SLUGS:
        raise ValidationError(
            _("“%(slug)s” is reserved for the system. Choose another web address."),
            params={"slug": slug},
        )


def validate_service_id(service_id: str) -> None:
    """Raise ValidationError unless the service ID fits into a printed code."""
    if not re.fullmatch(r"[0-9A-Z$*+.\-]{1,24}", service_id):
        raise ValidationError(
            _("A service ID has 1 to 24 capital letters, digits or the signs $ * + - .")
        )


def validate_organisation_number(number: str) -> None:
    """Raise ValidationError unless the number is Swedish, with a correct check digit."""
    match = re.fullmatch(r"(\d{6})-?(\d{4})", number)
    if match is None or not _luhn_holds("".join(match.groups())):
        raise ValidationError(_("Enter the ten digits of the organisation number."))


def _luhn_holds(digits: str) -> bool:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def validate_vat_number(number: str) -> None:
    """Raise ValidationError unless the number has the form of a Swedish VAT number."""
    if not re.fullmatch(r"SE\d{10}01", number):
        raise ValidationError(_("A VAT number is SE, ten digits and 01."))


def validate_currency(currency: str) -> None:
    """Raise ValidationError unless the currency looks like an ISO 4217 code."""
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise ValidationError(_("A currency is three capital letters, such as SEK."))


def validate_accent(colour: str) -> None:
    """Raise ValidationError unless this colour and white are legible on each other."""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise ValidationError(_("A colour is # and six digits or letters a to f: #7a3412."))
    ratio = contrast(colour, WHITE)
    if ratio < MIN_CONTRAST:
        # Truncated, not rounded: 4.49 must not be shown as 4.5.
        raise ValidationError(
            _("White text on this colour has a contrast of %(ratio).1f:1; %(least)s:1 is needed."),
            params={"ratio": int(ratio * 10) / 10, "least": MIN_CONTRAST},
        )
