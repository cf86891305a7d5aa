"""Encrypts secrets at rest, with the keys of ENCRYPTION_KEYS.

The first key encrypts; each of them decrypts, so that a key can be replaced without a gap. A
ciphertext shows when it was made and about how long the secret is, and nothing else of it.
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


def is_readable(ciphertext: str) -> bool:
    """Return whether one of the keys decrypts a ciphertext."""
    try:
        decrypt(ciphertext)
    except UnreadableSecret:
        return False
    return True


def reencrypt(ciphertext: str) -> str:
    """Return a ciphertext of the same secret by the first key. Raises UnreadableSecret.

    It is the given ciphertext where the first key has encrypted that.
    """
    if not ciphertext or _is_encrypted_by_first_key(ciphertext):
        return ciphertext
    return encrypt(decrypt(ciphertext))


def _is_encrypted_by_first_key(ciphertext: str) -> bool:
    try:
        Fernet(settings.ENCRYPTION_KEYS[0]).decrypt(ciphertext.encode())
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return _multi_fernet(tuple(settings.ENCRYPTION_KEYS))


@cache
def _multi_fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
