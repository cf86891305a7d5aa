"""The settings that tests and checks run with, whatever this machine's own are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = {
    "DEBUG": "off",
    "SECRET_KEY": "a-secret-of-the-tests-which-guards-nothing-at-all-anywhere",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "PUBLIC_BASE_URL": "http://testserver",
    # Nothing listens there: a test that talks to SEQR takes the sandbox's fixture.
    "SEQR_SERVICE_URL": "http://127.0.0.1:9/soap/service",
    "SEQR_SESSION_URL": "http://127.0.0.1:9/soap/session",
    "SEQR_TERMINAL_ID": "public_test_shop_terminal",
    "SEQR_TERMINAL_PASSWORD": "12345678",
    "SEQR_RESELLER_ID": "public_test_shop",
    "SEQR_RESELLER_USER_ID": "9900",
    "SEQR_RESELLER_PASSWORD": "1234",
}
SERVERS = ("DATABASE_URL", "REDIS_URL")


def settings_for_tests() -> dict[str, str]:
    """Return every setting but those of the servers; an empty one takes its default."""
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE)
    return {name: SETTINGS.get(name, "") for name in names if name not in SERVERS}
