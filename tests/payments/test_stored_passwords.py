"""Stored passwords: the check at start-up, and their encryption by another key."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from orders.models import Seller, Terminal
from payments import stored_passwords as module
from payments.polling.credentials import CredentialsReader
from payments.seqr import Credentials
from payments.stored_passwords import (
    PASSWORD_COLUMNS,
    UnreadablePasswords,
    check_stored_passwords,
    forget_unreadable_passwords,
    reencrypt_passwords,
)
from tests.database_roles import execute_as_owner, owner_url
from tests.factories import SellerFactory, TerminalFactory
from tests.races import wait_for_lock_wait, with_own_connection
from tests.stored_passwords import OTHER_KEY, ciphertext_by, seller_with, terminal_with

PASSWORD = "till-2-secret"
pytestmark = pytest.mark.django_db(transaction=True)


def stored() -> dict[str, str]:
    """Return each ciphertext, by its owner's ID at SEQR."""
    return dict(Seller.objects.values_list("reseller_id", "reseller_password_ciphertext")) | dict(
        Terminal.objects.values_list("principal_id", "password_ciphertext")
    )


def test_every_column_of_ciphertexts_is_checked_and_encrypted_again() -> None:
    columns = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if "ciphertext" in field.name
    }

    assert {(column.model, column.ciphertext) for column in PASSWORD_COLUMNS} == columns


# --- The check at start-up -----------------------------------------------------------------------


def test_readable_passwords_are_accepted(settings: Settings) -> None:
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD))
    TerminalFactory.create(principal_id="till-3")
    terminal_with("", "without-password")
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, OTHER_KEY]

    check_stored_passwords()


def test_owners_of_unreadable_passwords_are_named() -> None:
    seller_with(ciphertext_by(OTHER_KEY, PASSWORD))
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD))
    TerminalFactory.create(principal_id="readable")

    with pytest.raises(UnreadablePasswords) as caught:
        check_stored_passwords()

    assert str(caught.value) == (
        "ENCRYPTION_KEYS has no key that decrypts the stored password of seller reseller-2 and "
        "terminal till-2: see “Keys and passwords” in docs/keys.md."
    )


def test_three_owners_of_many_are_named() -> None:
    for number in range(5):
        terminal_with(ciphertext_by(OTHER_KEY, PASSWORD), f"till-{number}")

    with pytest.raises(
        UnreadablePasswords, match=r"till-0, terminal till-1, .* till-2 and 2 more:"
    ):
        check_stored_passwords()


def test_passwords_that_the_settings_override_are_not_needed(settings: Settings) -> None:
    seller_with(ciphertext_by(OTHER_KEY, PASSWORD), settings.SEQR_RESELLER_ID)
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD), settings.SEQR_TERMINAL_ID)

    check_stored_passwords()

    settings.SEQR_TERMINAL_ID = settings.SEQR_RESELLER_ID = ""
    with pytest.raises(UnreadablePasswords, match="seller public_test_shop and terminal public_"):
        check_stored_passwords()


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("database", ["refuses connections", "never answers"])
def test_check_waits_for_an_absent_database_no_longer_than_a_connection(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    silent_server: int,
    database: str,
) -> None:
    port = silent_server if database == "never answers" else 9
    monkeypatch.setitem(connection.settings_dict, "PORT", port)
    began = time.monotonic()

    check_stored_passwords()

    assert time.monotonic() - began < 4  # the limit is 2 seconds
    assert caplog.messages == ["the stored passwords are not checked: " + _connect_error(database)]


def _connect_error(database: str) -> str:
    return "ConnectionTimeout" if database == "never answers" else "OperationalError"


def test_check_does_not_wait_for_a_locked_table(caplog: pytest.LogCaptureFixture) -> None:
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD))
    began = time.monotonic()

    with psycopg.connect(owner_url()) as owner:
        owner.execute("LOCK TABLE orders_terminal IN ACCESS EXCLUSIVE MODE")
        check_stored_passwords()

    assert time.monotonic() - began < 5  # the limit is 1 second
    assert "the stored passwords are not checked" in caplog.text


def test_database_that_is_not_migrated_has_no_passwords(caplog: pytest.LogCaptureFixture) -> None:
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD))
    execute_as_owner("ALTER TABLE orders_terminal RENAME TO orders_terminal_later")
    try:
        check_stored_passwords()
    finally:
        execute_as_owner("ALTER TABLE orders_terminal_later RENAME TO orders_terminal")

    assert caplog.messages == []


# --- Another key ---------------------------------------------------------------------------------


@pytest.fixture
def rotated(settings: Settings) -> str:
    """Put a new key before the present one; return the new one."""
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    return new


def test_passwords_are_encrypted_by_the_first_key_and_stay_the_same(
    settings: Settings, rotated: str
) -> None:
    old = settings.ENCRYPTION_KEYS[1]
    seller_with(ciphertext_by(old, "reseller-secret"))
    terminal_with(ciphertext_by(old, PASSWORD))
    terminal_with("", "without-password")

    result = reencrypt_passwords()

    settings.ENCRYPTION_KEYS = [rotated]
    assert (result.changed, result.unchanged) == (2, 0)
    assert Terminal.objects.get(principal_id="till-2").password == PASSWORD
    assert Seller.objects.get(reseller_id="reseller-2").reseller_password == "reseller-secret"
    assert stored()["without-password"] == ""


def test_each_password_stays_that_of_its_terminal(settings: Settings, rotated: str) -> None:
    old = settings.ENCRYPTION_KEYS[1]
    for number in (1, 2, 3):
        terminal_with(ciphertext_by(old, f"secret {number}"), f"till-{number}")
    terminal_with(ciphertext_by(OTHER_KEY, "lost"), "till-4")

    forgotten = forget_unreadable_passwords()
    result = reencrypt_passwords()

    settings.ENCRYPTION_KEYS = [rotated]
    assert (len(forgotten), result.changed) == (1, 3)
    passwords = [each.password for each in Terminal.objects.order_by("principal_id")]
    assert passwords == ["secret 1", "secret 2", "secret 3", ""]


@pytest.mark.usefixtures("rotated")
def test_password_that_is_stored_unreadable_after_the_check_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another process, with another key, stores it between the check and its turn."""
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD))
    monkeypatch.setattr(module, "_unreadable", lambda *_: iter(()))
    before = stored()

    with pytest.raises(UnreadablePasswords, match="till-2"):
        reencrypt_passwords()

    assert stored() == before


def test_second_run_changes_nothing(settings: Settings, rotated: str) -> None:
    terminal_with(ciphertext_by(settings.ENCRYPTION_KEYS[1], PASSWORD))
    reencrypt_passwords()
    before = stored()

    result = reencrypt_passwords()

    assert result.changed == 0
    assert stored() == before


def test_command_reports_how_many_passwords_it_encrypted(settings: Settings, rotated: str) -> None:
    terminal_with(ciphertext_by(settings.ENCRYPTION_KEYS[1], PASSWORD), "till-2")
    terminal_with(ciphertext_by(rotated, PASSWORD), "till-3")

    assert output_of("reencrypt_secrets") == (
        "Passwords encrypted with the first key: 1 now, 1 before\n"
    )


def test_command_names_the_owner_of_an_unreadable_password_and_erases_it_on_request() -> None:
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD), "till-2")

    with pytest.raises(CommandError, match="password of terminal till-2:"):
        output_of("reencrypt_secrets")

    assert output_of("reencrypt_secrets", "--forget-unreadable") == (
        "Erased the password of terminal till-2\n"
        "Passwords encrypted with the first key: 0 now, 0 before\n"
    )


def output_of(*command: str) -> str:
    """Run a command; return its output."""
    output = io.StringIO()
    call_command(*command, stdout=output)
    return output.getvalue()


def test_no_password_changes_where_one_is_unreadable(settings: Settings, rotated: str) -> None:
    terminal_with(ciphertext_by(settings.ENCRYPTION_KEYS[1], PASSWORD), "till-1")
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD), "till-2")
    before = stored()

    with pytest.raises(UnreadablePasswords, match="password of terminal till-2:"):
        reencrypt_passwords()

    assert stored() == before


def test_password_that_staff_change_meanwhile_is_kept(settings: Settings, rotated: str) -> None:
    terminal = terminal_with(ciphertext_by(settings.ENCRYPTION_KEYS[1], PASSWORD))
    thread = threading.Thread(target=with_own_connection, args=(reencrypt_passwords,))

    with transaction.atomic():
        Terminal.objects.select_for_update(no_key=True).get(pk=terminal.pk)
        thread.start()
        wait_for_lock_wait()
        terminal.password = "changed by staff"
        terminal.save()
    thread.join()

    assert Terminal.objects.get(pk=terminal.pk).password == "changed by staff"


def test_poller_keeps_its_credentials_through_a_new_key(settings: Settings, rotated: str) -> None:
    terminal_with(ciphertext_by(settings.ENCRYPTION_KEYS[1], PASSWORD))
    received: list[tuple[int, Credentials]] = []
    reader = CredentialsReader(lambda terminal, given: received.append((terminal, given)))
    reader.read()
    before = dict(received)

    reencrypt_passwords()
    settings.ENCRYPTION_KEYS = [rotated]
    reader.read()

    assert dict(received) == before
    assert {given.terminal_password for given in before.values()} == {PASSWORD}


# --- A lost key ----------------------------------------------------------------------------------


def test_only_unreadable_passwords_are_forgotten() -> None:
    seller_with(ciphertext_by(OTHER_KEY, PASSWORD))
    terminal_with(ciphertext_by(OTHER_KEY, PASSWORD))
    readable = TerminalFactory.create(principal_id="readable", seller=SellerFactory.create())
    before = stored()

    forgotten = forget_unreadable_passwords()

    assert forgotten == ["seller reseller-2", "terminal till-2"]
    assert stored() == before | {"reseller-2": "", "till-2": ""}
    assert Terminal.objects.get(pk=readable.pk).password == "12345678"
    check_stored_passwords()
