"""The published test principals, and the digest that stands in for a password."""

import hashlib
from typing import Final

from payments.sandbox.storage.shop_models import Terminal


def password_digest(terminal_id: str, password: str) -> str:
    """How a terminal's password is remembered: never as it is, since people use one twice."""
    return hashlib.sha256(f"{terminal_id}:{password}".encode("utf-8", "replace")).hexdigest()


PUBLISHED_TERMINAL: Final = Terminal(
    terminal_id="public_test_shop_terminal",
    name="Public test shop's terminal",
    password_digest=password_digest("public_test_shop_terminal", "12345678"),
)

RESELLER_ID: Final = "public_test_shop"
RESELLER_USER_ID: Final = "9900"
RESELLER_PASSWORD: Final = "1234"  # noqa: S105 (published, and for tests only)
