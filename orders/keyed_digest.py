"""Digests of secrets and of personal data that only this shop can compute.

A digest depends on SECRET_KEY. One that is stored is looked up by the digests of every key, so that
it is found after SECRET_KEY has been replaced.
"""

from django.conf import settings
from django.utils.crypto import salted_hmac


def keyed_digest(salt: str, value: str) -> str:
    """Return the digest of a value by SECRET_KEY, 64 hexadecimal digits."""
    return keyed_digests(salt, value)[0]


def keyed_digests(salt: str, value: str) -> list[str]:
    """Return the digest by SECRET_KEY, then those by SECRET_KEY_FALLBACKS."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(salt, value, secret=key, algorithm="sha256").hexdigest() for key in keys]
