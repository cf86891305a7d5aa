"""Secrets are encrypted by the first key, and decrypted by each of them."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from orders import encryption
from orders.encryption import UnreadableSecret, decrypt, encrypt, is_readable, reencrypt
from orders.models import Seller, Terminal
from tests.factories import SellerFactory, TerminalFactory

PASSWORD = "Kassa-lösen 7f3a"
FIRST, SECOND, THIRD = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture(autouse=True)
def _one_key(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [FIRST]


def test_secret_is_decrypted_by_the_key_that_encrypted_it() -> None:
    ciphertext = encrypt(PASSWORD)

    assert PASSWORD not in ciphertext
    assert decrypt(ciphertext) == PASSWORD


def test_same_secret_has_another_ciphertext_each_time() -> None:
    assert encrypt(PASSWORD) != encrypt(PASSWORD)


def test_empty_secret_has_no_ciphertext() -> None:
    assert (encrypt(""), decrypt(""), reencrypt("")) == ("", "", "")
    assert is_readable("")


def test_each_of_several_keys_decrypts_and_the_first_encrypts(settings: Settings) -> None:
    old = encrypt(PASSWORD)
    settings.ENCRYPTION_KEYS = [SECOND, FIRST]

    new = encrypt(PASSWORD)

    assert (decrypt(old), decrypt(new)) == (PASSWORD, PASSWORD)
    settings.ENCRYPTION_KEYS = [SECOND]
    assert decrypt(new) == PASSWORD
    assert (is_readable(old), is_readable(new)) == (False, True)


@pytest.mark.parametrize("damage", ["wrong key", "cut", "one character", "no ciphertext"])
def test_unreadable_secret_is_reported_without_its_ciphertext(
    settings: Settings, damage: str
) -> None:
    ciphertext = encrypt(PASSWORD)
    if damage == "wrong key":
        settings.ENCRYPTION_KEYS = [SECOND, THIRD]
    damaged = {
        "cut": ciphertext[:-4],
        "one character": ciphertext[:30]
        + ("A" if ciphertext[30] != "A" else "B")
        + ciphertext[31:],
        "no ciphertext": PASSWORD,
    }.get(damage, ciphertext)

    for read in (decrypt, reencrypt):
        with pytest.raises(UnreadableSecret) as caught:
            read(damaged)
        assert damaged not in str(caught.value)
        assert caught.value.__cause__ is None


def test_secret_of_a_former_key_is_encrypted_by_the_first(settings: Settings) -> None:
    old = encrypt(PASSWORD)
    settings.ENCRYPTION_KEYS = [SECOND, FIRST]

    new = reencrypt(old)

    settings.ENCRYPTION_KEYS = [SECOND]
    assert decrypt(new) == PASSWORD


def test_secret_of_the_first_key_keeps_its_ciphertext(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [SECOND, FIRST]
    ciphertext = encrypt(PASSWORD)

    assert reencrypt(ciphertext) == ciphertext


@pytest.mark.django_db
def test_passwords_of_terminal_and_seller_are_stored_encrypted() -> None:
    SellerFactory.create(reseller_id="seller", reseller_password=PASSWORD)
    seller = Seller.objects.get(reseller_id="seller")
    TerminalFactory.create(seller=seller, principal_id="till", password=PASSWORD)

    terminal = Terminal.objects.get(principal_id="till")

    assert (terminal.password, terminal.seller.reseller_password) == (PASSWORD, PASSWORD)
    stored = terminal.password_ciphertext, terminal.seller.reseller_password_ciphertext
    assert PASSWORD not in "".join(stored)
    assert stored[0] != stored[1]


def test_password_of_a_row_is_in_no_text_about_it() -> None:
    seller = Seller(legal_name="Lyktan Kafé AB", reseller_id="lyktan")
    terminal = Terminal(label="Till 1", principal_id="till-1")
    seller.reseller_password = terminal.password = PASSWORD

    for row in (seller, terminal):
        assert PASSWORD not in f"{row} {row!r} {vars(row)}"
    assert (seller.reseller_password, terminal.password) == (PASSWORD, PASSWORD)


def test_keys_are_in_no_text_about_the_module() -> None:
    encrypt(PASSWORD)

    assert FIRST not in repr(vars(encryption))
