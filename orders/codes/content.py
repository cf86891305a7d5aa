"""The content of a shop's printed codes, and the sentences for content that cannot be printed."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from orders.models import Shop
from payments.seqr.links import (
    NAME_PART,
    SERVICE_CODE_MAX_LENGTH,
    SERVICE_ID_PART,
    VALUE_PART,
    UnprintableContent,
    parsed_parameters,
    service_code_url,
)

_SENTENCES: Mapping[str, Any] = {
    "empty": _("%(part)s must not be empty."),
    "lower_case": _("%(part)s must be in capital letters."),
    "characters": _("%(part)s may hold only A-Z, 0-9 and the characters $ %% * + - . / :"),
    "repeated": _("Each parameter may be given only once."),
    "form": _("Parameters must look like NAME=VALUE, joined by &."),
    "length": _("The code would hold %(length)d characters; %(limit)d are allowed."),
}


def payload(shop: Shop, parameters: str) -> str:
    """Return the content of a shop's code with these parameters (`TABLE=4`, or none).

    Raises ValidationError, with a sentence for the person who typed them, if the content breaks the
    print guidelines.
    """
    try:
        return service_code_url(shop.service_id, parameters)
    except UnprintableContent as error:
        words = {
            "part": _part(error.part),
            "length": error.length,
            "limit": SERVICE_CODE_MAX_LENGTH,
        }
        raise ValidationError(_SENTENCES[error.problem], params=words) from error


def _part(part: str) -> object:
    """Return a part of the content in the reader's language."""
    if part.startswith(VALUE_PART):
        return _("The value of %(name)s") % {"name": part.removeprefix(VALUE_PART)}
    return {SERVICE_ID_PART: _("The service ID"), NAME_PART: _("A parameter's name")}.get(part, "")


def parameters_of(text: str) -> dict[str, str]:
    """Return the parameters of a printed code as SEQR returns them with a customer's session."""
    return dict(parsed_parameters(text))
