"""Encrypts secrets at rest, with the keys of ENCRYPTION_KEYS.

The first key encrypts; each of them decrypts, so that a key can be replaced without a gap. A
ciphertext shows when it was made, and nothing else of the secret but its length.
"""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableSecret(Exception):
    """None of the keys in ENCRYPTION_KEYS has encrypted this secret."""

    def __init__(self) -> None:
        super().__init__("None of the keys in ENCRYPTION_KEYS can decrypt a stored password.")


def encrypt(secret: str) -> str:
    """Return the ciphertext of a secret; of an empty one, an empty text."""
    return _keys().encrypt(secret.encode()).decode() if secret else ""


def decrypt(ciphertext: str) -> str:
    """Return the secret in a ciphertext. Raises UnreadableSecret."""
    if not ciphertext:
        return ""
    try:
        return _keys().decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        raise UnreadableSecret from None


def encrypt_again(ciphertext: str) -> str:
    """Return a ciphertext of the same secret by the first key. Raises UnreadableSecret."""
    if not ciphertext:
        return ""
    try:
        return _keys().rotate(ciphertext.encode()).decode()
    except InvalidToken:
        raise UnreadableSecret from None


def _keys() -> MultiFernet:
    return _ring(tuple(settings.ENCRYPTION_KEYS))


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
