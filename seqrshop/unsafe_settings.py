"""Finds well-formed settings that protect nothing, which only a shop on one machine may have."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

MIN_SECRET_KEY_LENGTH = 50
MIN_SECRET_KEY_CHARACTERS = 10  # different ones
# SEQR publishes them for every developer.
PUBLISHED_PASSWORDS = {"SEQR_TERMINAL_PASSWORD": "12345678", "SEQR_RESELLER_PASSWORD": "1234"}
SEQR_ADDRESSES = ("SEQR_SERVICE_URL", "SEQR_SESSION_URL")


def unsafe_settings(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence about each unsafe setting, which it names; a value is never in it.

    A setting is safe where every address that it concerns is on this machine. A setting that is
    missing or malformed has been reported already.
    """
    shop = [urlsplit(settings["PUBLIC_BASE_URL"] or "").hostname]
    hosts = settings["ALLOWED_HOSTS"] or []
    keys = {
        "SECRET_KEY": [settings["SECRET_KEY"]],
        "SECRET_KEY_FALLBACKS": settings["SECRET_KEY_FALLBACKS"] or [],
    }
    for name, given in keys.items():
        if not (_all_loopback([*shop, *hosts]) or all(map(_is_random, given))):
            yield (
                f"{name} is too easy to guess: it should be {MIN_SECRET_KEY_LENGTH} or more random "
                "characters, kept secret."
            )
    if "*" in hosts and not _all_loopback(shop):
        yield (
            "ALLOWED_HOSTS allows every host with *: it should be the shop's host names, separated "
            "by commas."
        )
    for name in SEQR_ADDRESSES:
        address = settings[name] or ""
        if address.startswith("http://") and not _all_loopback([urlsplit(address).hostname]):
            yield (
                f"{name} is not encrypted: it should be an https address, since each call has a "
                "password."
            )
    seqr = [urlsplit(settings[name] or "").hostname for name in SEQR_ADDRESSES]
    for name, published in PUBLISHED_PASSWORDS.items():
        if settings[name] == published and not _all_loopback(seqr):
            yield (
                f"{name} is the test password that SEQR publishes: it should be the password that "
                "SEQR gave to this shop."
            )


def _is_random(secret_key: str | None) -> bool:
    return secret_key is None or (
        len(secret_key) >= MIN_SECRET_KEY_LENGTH
        and len(set(secret_key)) >= MIN_SECRET_KEY_CHARACTERS
    )


def _all_loopback(hosts: Iterable[str | None]) -> bool:
    """Return whether all these hosts are this machine; one that is not known counts as it."""
    return all(host is None or is_loopback(host) for host in hosts)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
