"""Validates request bodies."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn, TypeGuard

from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from orders.models import Dining
from orders.models.order import NOTE_LENGTH
from orders.services import OrderRequest, RowRequest, clean_note
from seqrshop.storefront import api_errors

MAX_BODY_BYTES = 64 * 1024  # an order of a hundred rows has 4 kB
MAX_ID = 2**63 - 1  # PostgreSQL's largest bigint
_NONCE = re.compile(r"[0-9A-Za-z_\-]{8,64}")
_AMOUNT = re.compile(r"[0-9]{1,8}\.[0-9]{2}")
_REFERENCE = re.compile(r"[0-9A-Za-z_\-]{1,64}")


def read_object(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the request's body. Raises ApiError."""
    if request.content_type != "application/json":
        raise api_errors.unsupported_media_type()
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY_BYTES:
        raise api_errors.too_large()
    try:
        text = request.body.decode("utf-8")
    except UnreadablePostError:
        raise api_errors.malformed(_("The request was interrupted.")) from None
    except UnicodeDecodeError:
        raise api_errors.malformed(_("The body is not UTF-8.")) from None
    try:
        body = json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        raise api_errors.malformed(_("The body is not JSON.")) from None
    if not isinstance(body, dict):
        raise api_errors.malformed(_("The body is not a JSON object."))
    return body


def read_token(body: dict[str, Any]) -> str | None:
    """Return the token, or None without one. Raises ApiError."""
    token = body.get("token")
    if token is not None and not isinstance(token, str):
        raise api_errors.invalid("token", _("The token must be a string."))
    return token


def read_reference(body: dict[str, Any]) -> str | None:
    """Return the invoice reference, or None without one. Raises ApiError."""
    reference = body.get("invoice_reference")
    if reference is None:
        return None
    if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
        raise api_errors.invalid(
            "invoice_reference", _("The invoice reference must be a string of letters and digits.")
        )
    return reference


def read_order(body: dict[str, Any]) -> OrderRequest:
    """Return the requested order; `place_order` checks it against the menu. Raises ApiError."""
    return OrderRequest(
        nonce=_read_nonce(body),
        rows=_read_rows(body),
        note=_read_note(body.get("note"), "note"),
        dining=_read_dining(body),
        tip=_read_amount(body, "tip") or Decimal(0),
        seen_total=_read_amount(body, "total"),
    )


def _read_nonce(body: dict[str, Any]) -> str:
    nonce = body.get("nonce")
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise api_errors.invalid(
            "nonce",
            _("The nonce must be a string of 8 to 64 letters, digits, hyphens or underscores."),
        )
    return nonce


def _read_rows(body: dict[str, Any]) -> list[RowRequest]:
    rows = body.get("rows")
    if not isinstance(rows, list):
        raise api_errors.invalid("rows", _("The rows must be a list."))
    return [_read_row(row, f"rows[{index}]") for index, row in enumerate(rows)]


def _read_row(row: Any, field: str) -> RowRequest:
    if not isinstance(row, dict):
        raise api_errors.invalid(
            field, _("Each row must be an object with a product and a quantity.")
        )
    product, quantity = row.get("product"), row.get("quantity")
    if not _is_id(product):
        raise api_errors.invalid(f"{field}.product", _("A product must be given by its id."))
    if not _is_integer(quantity):
        raise api_errors.invalid(f"{field}.quantity", _("The quantity must be a whole number."))
    options = row.get("options")
    if options is None:
        options = []
    if not isinstance(options, list) or not all(map(_is_id, options)):
        raise api_errors.invalid(f"{field}.options", _("The options must be a list of ids."))
    note = _read_note(row.get("note"), f"{field}.note")
    return RowRequest(product, quantity, tuple(options), note)


def _read_note(note: Any, field: str) -> str:
    if note is None:
        return ""
    if not isinstance(note, str):
        raise api_errors.invalid(field, _("The note must be a text."))
    cleaned = clean_note(note)
    if len(cleaned) > NOTE_LENGTH:
        raise api_errors.invalid(
            field, _("A note can have at most %(n)d characters.") % {"n": NOTE_LENGTH}
        )
    return cleaned


def _read_dining(body: dict[str, Any]) -> str:
    dining = body.get("dining")
    if dining is None:
        return ""
    if dining not in Dining.values:
        raise api_errors.invalid("dining", _("Choose whether to eat here or take away."))
    return str(dining)


def _read_amount(body: dict[str, Any], field: str) -> Decimal | None:
    amount = body.get(field)
    if amount is None:
        return None
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        raise api_errors.invalid(field, _("The amount must be a string such as 90.00."))
    return Decimal(amount)


def _is_id(value: Any) -> TypeGuard[int]:
    return _is_integer(value) and 0 < value <= MAX_ID


def _is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _reject_constant(name: str) -> NoReturn:
    """Reject NaN and the infinities, which Python parses and JSON does not have."""
    raise ValueError(name)
