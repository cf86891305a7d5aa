"""The address of a client: of its connection, or as our own proxies have recorded it."""

from __future__ import annotations

import ipaddress

from django.conf import settings

UNKNOWN_ADDRESS = "unknown"  # a local socket, or a proxy that adds no address


def client_address(peer: str, forwarded_for: str) -> str:
    """Return the client's IPv4 address, or the /64 network of its IPv6 address.

    `peer` is the connection's address, `forwarded_for` the header X-Forwarded-For. Behind
    TRUSTED_PROXIES proxies of our own, the address is the one that the outermost of them has added
    to the header, counted from the right: the client may have written the others.
    """
    text = peer
    if settings.TRUSTED_PROXIES:
        hops = forwarded_for.split(",")
        if len(hops) >= settings.TRUSTED_PROXIES:
            text = hops[-settings.TRUSTED_PROXIES].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)
