"""The settings of the tests and checks, which the machine's own settings never change."""

from __future__ import annotations

import re

from seqrshop.local import ROOT

TEST_SETTINGS = {
    "DEBUG": "off",
    "SECRET_KEY": "a-secret-of-the-tests-which-guards-nothing-at-all-anywhere",
    "ENCRYPTION_KEYS": "dGhlLXRlc3RzLW93bi1rZXktZ3VhcmRzLW5vdGhpbmc=",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "PUBLIC_BASE_URL": "http://testserver",
    # Nothing listens on port 9: a test that calls SEQR uses the sandbox fixture.
    "SEQR_SERVICE_URL": "http://127.0.0.1:9/soap/service",
    "SEQR_SESSION_URL": "http://127.0.0.1:9/soap/session",
    "SEQR_TERMINAL_ID": "public_test_shop_terminal",
    "SEQR_TERMINAL_PASSWORD": "12345678",
    "SEQR_RESELLER_ID": "public_test_shop",
    "SEQR_RESELLER_USER_ID": "9900",
    "SEQR_RESELLER_PASSWORD": "1234",
    "SECOND_FACTOR_REQUIRED": "off",
}
SERVER_SETTINGS = ("DATABASE_URL", "REDIS_URL")


def setting_names() -> list[str]:
    """Return the names of the settings in .env.example."""
    return re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)


def settings_for_tests() -> dict[str, str]:
    """Return every setting except the servers' addresses; an empty value means its default."""
    return {
        name: TEST_SETTINGS.get(name, "") for name in setting_names() if name not in SERVER_SETTINGS
    }
