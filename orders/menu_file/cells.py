"""How the values of a product stand in the cells of a table, and are read from them.

A cell is text. It is written in the active language, and read in each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

GROUP_SEPARATOR = "|"  # the name of an option group may have a comma
_LIST_SEPARATOR = re.compile(r"[,;|\n]")
_AMOUNT = re.compile(r"[0-9]{1,8}([.,][0-9]{1,2})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[\s\u00a0\u202f]")
YES, NO = _("yes"), _("no")
_BOOLEANS = {"true": True, "1": True, "x": True, "false": False, "0": False}


def amount_text(value: Decimal | None) -> str:
    """Return an amount with the decimal sign of the active language, such as 45,00."""
    return "" if value is None else f"{value:.2f}".replace(".", get_format("DECIMAL_SEPARATOR"))


def read_amount(text: str) -> Decimal:
    """Return an amount with at most two decimals. Raises ValidationError."""
    compact = _SPACES.sub("", text).removesuffix("%")
    if not _AMOUNT.fullmatch(compact):
        raise ValidationError(_("Enter an amount, such as 25 or 25.50."))
    return Decimal(compact.replace(",", "."))


def read_whole(text: str) -> int:
    """Return a whole number. Raises ValidationError."""
    compact = _SPACES.sub("", text)
    if not _WHOLE.fullmatch(compact):
        raise ValidationError(_("Enter a whole number."))
    return int(compact)


def read_line(text: str) -> str:
    """Return a text of one line. Raises ValidationError."""
    if "\n" in text or "\r" in text or "\t" in text:
        raise ValidationError(_("This text must be on one line."))
    return read_lines(text)


def read_lines(text: str) -> str:
    """Return a text that may have several lines. Raises ValidationError."""
    if _CONTROLS.search(text):
        raise ValidationError(_("This text has characters that cannot be shown."))
    return text


def boolean_text(value: bool) -> str:
    """Return yes or no."""
    return str(YES if value else NO)


def read_boolean(text: str) -> bool:
    """Return True for yes, False for no. Raises ValidationError."""
    found = _booleans().get(text.casefold())
    if found is None:
        raise ValidationError(_("Enter yes or no."))
    return found


def choices_text(choices: type[TextChoices]) -> Callable[[list[str]], str]:
    """Return how a list of these choices is written: their names, by commas."""
    return lambda values: ", ".join(str(choices(value).label) for value in values)


def read_choices(choices: type[TextChoices]) -> Callable[[str], list[str]]:
    """Return how a list of these choices is read: by their names or codes, in their own order."""

    def read(text: str) -> list[str]:
        names = _names_of(choices)
        found = set()
        for each in filter(None, map(str.strip, _LIST_SEPARATOR.split(text))):
            if (value := names.get(each.casefold())) is None:
                raise ValidationError(
                    _("“%(name)s” is not known here. Known are: %(names)s."),
                    params={
                        "name": each,
                        "names": ", ".join(str(label) for label in choices.labels),
                    },
                )
            found.add(value)
        return [value for value in choices.values if value in found]

    return read


def read_names(text: str) -> tuple[str, ...]:
    """Return the names of option groups."""
    parts = re.split(rf"[{GROUP_SEPARATOR}\n]", text)
    return tuple(filter(None, map(str.strip, parts)))


def in_each_language(text: str | Promise) -> set[str]:
    """Return a lazy text in each language of the shop, casefolded."""
    found = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            found.add(str(text).casefold())
    return found


@cache
def _booleans() -> Mapping[str, bool]:
    words = dict.fromkeys(in_each_language(YES), True)
    return _BOOLEANS | words | dict.fromkeys(in_each_language(NO), False)


@cache
def _names_of(choices: type[TextChoices]) -> Mapping[str, str]:
    names = {name: value for value, label in choices.choices for name in in_each_language(label)}
    return names | {value: value for value in choices.values}


def comparable(value: Any) -> Any:
    """Return a value without the differences that a file does not keep: order, line ends."""
    if isinstance(value, list):
        return sorted(value)
    if isinstance(value, str):
        return "\n".join(_CONTROLS.sub("", value).splitlines()).strip()
    return value


def sentences(error: ValidationError) -> str:
    """Return what is wrong, in one text."""
    return " ".join(error.messages) or gettext("This cannot be read.")
