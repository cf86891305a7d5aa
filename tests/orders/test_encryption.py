"""Secrets at rest: encrypted by the first key, decrypted by each, and unreadable without one."""

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django import Settings

from orders.encryption import UnreadableSecret, decrypt, encrypt, encrypt_again
from orders.models import Terminal
from tests.factories import SellerFactory, TerminalFactory

SECRET = "lösenord 12345678"


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_secret_is_read_back_and_not_visible_in_its_ciphertext() -> None:
    ciphertext = encrypt(SECRET)

    assert decrypt(ciphertext) == SECRET
    assert SECRET not in ciphertext
    assert encrypt(SECRET) != ciphertext


def test_empty_secret_stays_empty() -> None:
    assert (encrypt(""), decrypt(""), encrypt_again("")) == ("", "", "")


def test_added_key_encrypts_and_the_former_one_still_decrypts(settings: Settings) -> None:
    former, added = new_key(), new_key()
    settings.ENCRYPTION_KEYS = [former]
    old = encrypt(SECRET)

    settings.ENCRYPTION_KEYS = [added, former]
    new = encrypt(SECRET)

    assert (decrypt(old), decrypt(new)) == (SECRET, SECRET)
    settings.ENCRYPTION_KEYS = [added]
    assert decrypt(new) == SECRET
    with pytest.raises(UnreadableSecret):
        decrypt(old)


def test_secret_encrypted_again_needs_the_former_key_no_more(settings: Settings) -> None:
    former, added = new_key(), new_key()
    settings.ENCRYPTION_KEYS = [former]
    ciphertext = encrypt(SECRET)
    settings.ENCRYPTION_KEYS = [added, former]

    ciphertext = encrypt_again(ciphertext)

    settings.ENCRYPTION_KEYS = [added]
    assert decrypt(ciphertext) == SECRET


@pytest.mark.parametrize("ciphertext", ["no ciphertext", "gAAAAA", "å"])
@pytest.mark.parametrize("read", [decrypt, encrypt_again])
def test_text_that_no_key_has_encrypted_is_unreadable_and_not_in_the_error(
    read: Callable[[str], str], ciphertext: str
) -> None:
    with pytest.raises(UnreadableSecret) as raised:
        read(ciphertext)

    assert str(raised.value) == "None of the keys in ENCRYPTION_KEYS can decrypt a stored password."
    assert raised.value.__cause__ is None


def test_changed_ciphertext_is_unreadable() -> None:
    ciphertext = encrypt(SECRET)
    middle = len(ciphertext) // 2
    changed = "A" if ciphertext[middle] != "A" else "B"

    with pytest.raises(UnreadableSecret):
        decrypt(ciphertext[:middle] + changed + ciphertext[middle + 1 :])


@pytest.mark.django_db
def test_passwords_of_terminal_and_seller_are_stored_encrypted() -> None:
    seller = SellerFactory.create(reseller_id="seller", reseller_password=SECRET)
    TerminalFactory.create(seller=seller, principal_id="till", password=SECRET)

    terminal = Terminal.objects.get()

    assert (terminal.password, terminal.seller.reseller_password) == (SECRET, SECRET)
    stored = terminal.password_ciphertext, terminal.seller.reseller_password_ciphertext
    assert SECRET not in "".join(stored)
    assert stored[0] != stored[1]


def test_printed_key_encrypts(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        call_command("make_encryption_key")
    first, second = capsys.readouterr().out.split()

    settings.ENCRYPTION_KEYS = [first]

    assert decrypt(encrypt(SECRET)) == SECRET
    assert first != second
