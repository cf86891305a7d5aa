"""Reads resellers and terminals from JSON, and the same fields in forms.

Every reader raises BadInputError with a sentence that names the field.
"""

import re
from collections.abc import Mapping
from typing import Any

from payments.sandbox.control.json_input import BadInputError, optional_text, text
from payments.sandbox.storage.merchant_models import Reseller, Terminal
from payments.sandbox.storage.published_principals import PUBLISHED_RESELLER_ID, password_digest

_PRINCIPAL_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


def reseller(body: Mapping[str, Any]) -> Reseller:
    """Read a reseller with its user and password; its name is its ID unless given."""
    reseller_id = _principal_id(body, "reseller_id")
    return Reseller(
        reseller_id=reseller_id,
        name=optional_text(body, "name") or reseller_id,
        user_id=_principal_id(body, "user_id"),
        password_digest=password_digest(reseller_id, password(body)),
    )


def terminal(body: Mapping[str, Any]) -> Terminal:
    """Read a terminal with its password; its name is its ID unless given.

    It belongs to the published reseller unless the body names another.
    """
    terminal_id = _principal_id(body, "terminal_id")
    return Terminal(
        terminal_id=terminal_id,
        reseller_id=optional_text(body, "reseller_id") or PUBLISHED_RESELLER_ID,
        name=optional_text(body, "name") or terminal_id,
        password_digest=password_digest(terminal_id, password(body)),
    )


def password(body: Mapping[str, Any]) -> str:
    """Read a password."""
    return text(body, "password")


def _principal_id(body: Mapping[str, Any], name: str) -> str:
    value = text(body, name)
    if not _PRINCIPAL_ID.fullmatch(value):
        raise BadInputError(f"{name}: up to 40 letters, digits, dots, dashes and underscores.")
    return value
