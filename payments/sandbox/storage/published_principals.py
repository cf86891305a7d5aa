"""The published test principals. Source: API reference 2.6.0, clientContext."""

import hashlib
from typing import Final

from payments.sandbox.storage.merchant_models import Terminal

RESELLER_ID: Final = "public_test_shop"
RESELLER_USER_ID: Final = "9900"
RESELLER_PASSWORD: Final = "1234"  # noqa: S105 (published, and for tests only)


def password_digest(terminal_id: str, password: str) -> str:
    """Digest a terminal's password. Plain ones are not stored, since people reuse passwords."""
    return hashlib.sha256(f"{terminal_id}:{password}".encode("utf-8", "replace")).hexdigest()


PUBLISHED_TERMINAL: Final = Terminal(
    terminal_id="public_test_shop_terminal",
    name="Public test shop's terminal",
    password_digest=password_digest("public_test_shop_terminal", "12345678"),
)
