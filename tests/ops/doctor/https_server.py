"""An HTTPS server with a certificate of the tests' own authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import trustme

from tests.payments.seqr.scripted_server import ScriptedServer


@contextmanager
def https_server(
    authority: trustme.CA, name: str = "localhost", days: float = 90
) -> Iterator[ScriptedServer]:
    """Serve HTTPS with a certificate for `name` that expires in so many days."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    expires = datetime.now(UTC) + timedelta(days=days)
    before = min(datetime.now(UTC), expires) - timedelta(days=1)
    authority.issue_cert(name, not_before=before, not_after=expires).configure_cert(context)
    server = ScriptedServer(context)
    try:
        yield server
    finally:
        server.stop()


def response(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Return an HTTP response; names of headers have underscores for hyphens."""
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
