"""The published test principals. Source: API reference 2.6.0, clientContext."""

import hashlib
from typing import Final

from payments.sandbox.storage.merchant_models import Reseller, Terminal

PUBLISHED_RESELLER_ID: Final = "public_test_shop"
PUBLISHED_TERMINAL_ID: Final = "public_test_shop_terminal"


def password_digest(principal_id: str, password: str) -> str:
    """Digest a principal's password. Plain ones are not stored, since people reuse passwords."""
    return hashlib.sha256(f"{principal_id}:{password}".encode("utf-8", "replace")).hexdigest()


PUBLISHED_RESELLER: Final = Reseller(
    reseller_id=PUBLISHED_RESELLER_ID,
    name="Public Test Shop",
    user_id="9900",
    password_digest=password_digest(PUBLISHED_RESELLER_ID, "1234"),
)

PUBLISHED_TERMINAL: Final = Terminal(
    terminal_id=PUBLISHED_TERMINAL_ID,
    reseller_id=PUBLISHED_RESELLER_ID,
    name="Public test shop's terminal",
    password_digest=password_digest(PUBLISHED_TERMINAL_ID, "12345678"),
)
