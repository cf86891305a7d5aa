"""Validates request bodies."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn, TypeGuard

from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from orders.services import RowRequest
from seqrshop.storefront import api_errors

MAX_BODY_BYTES = 64 * 1024  # an order of a hundred rows has 4 kB
MAX_PRODUCT_ID = 2**63 - 1  # PostgreSQL's largest bigint
_NONCE = re.compile(r"[0-9A-Za-z_\-]{8,64}")
_TOTAL = re.compile(r"[0-9]{1,8}\.[0-9]{2}")
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


def read_nonce(body: dict[str, Any]) -> str:
    """Return the nonce. Raises ApiError."""
    nonce = body.get("nonce")
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise api_errors.invalid(
            "nonce",
            _("The nonce must be a string of 8 to 64 letters, digits, hyphens or underscores."),
        )
    return nonce


def read_rows(body: dict[str, Any]) -> list[RowRequest]:
    """Return the rows of an order; `place_order` checks their products. Raises ApiError."""
    rows = body.get("rows")
    if not isinstance(rows, list):
        raise api_errors.invalid("rows", _("The rows must be a list."))
    return [_read_row(row, f"rows[{index}]") for index, row in enumerate(rows)]


def read_total(body: dict[str, Any]) -> Decimal | None:
    """Return the total that the customer saw, or None without one. Raises ApiError."""
    total = body.get("total")
    if total is None:
        return None
    if not isinstance(total, str) or not _TOTAL.fullmatch(total):
        raise api_errors.invalid("total", _("The total must be a string such as 90.00."))
    return Decimal(total)


def _read_row(row: Any, field: str) -> RowRequest:
    if not isinstance(row, dict):
        raise api_errors.invalid(
            field, _("Each row must be an object with a product and a quantity.")
        )
    product, quantity = row.get("product"), row.get("quantity")
    if not _is_integer(product) or not 0 < product <= MAX_PRODUCT_ID:
        raise api_errors.invalid(f"{field}.product", _("A product must be given by its id."))
    if not _is_integer(quantity):
        raise api_errors.invalid(f"{field}.quantity", _("The quantity must be a whole number."))
    return RowRequest(product, quantity)


def _is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _reject_constant(name: str) -> NoReturn:
    """Reject NaN and the infinities, which Python parses and JSON does not have."""
    raise ValueError(name)
