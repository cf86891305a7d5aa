"""Serves the collected static files in the event loop: no thread and no disk delays one.

WhiteNoise decides what is sent, and with which headers. Its middleware within Django serves the
files where DEBUG is on, and redirects to https.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware

from seqrshop.middleware import SECURITY_HEADERS
from seqrshop.serving.asgi_types import Headers, Scope, Send
from seqrshop.serving.environ import environ_of

CHUNK_BYTES = 64 * 1024  # what a client has to take within SEND_TIMEOUT_SECONDS


class StaticFiles:
    """The files of STATIC_ROOT. Each is read once, and then kept in memory: together some 10 MB."""

    def __init__(self) -> None:
        is_collected = not settings.DEBUG and Path(settings.STATIC_ROOT).is_dir()
        self._files: dict[str, Any] = WhiteNoiseMiddleware().files if is_collected else {}
        self._contents: dict[str, bytes] = {}
        self._headers = common_headers()

    def find(self, scope: Scope) -> Any | None:
        """Return the file that a request names, or None to let Django respond."""
        file = self._files.get(scope["path"])
        if file is None or (settings.SECURE_SSL_REDIRECT and not _is_secure(scope)):
            return None
        return file

    async def respond(self, file: Any, scope: Scope, send: Send) -> None:
        """Send a file as fast as the client takes it."""
        response = file.get_response(scope["method"], environ_of(scope, b"", {}))
        content = b"" if response.file is None else self._content(response.file)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers]
        status = int(response.status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append((b"content-length", b"0"))
        headers += self._headers
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for start in range(0, len(content), CHUNK_BYTES):
            chunk = content[start : start + CHUNK_BYTES]
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _content(self, file: Any) -> bytes:
        with file:
            name = getattr(file, "name", None)
            if name is None:  # a part of a file
                part: bytes = file.read()
                return part
            if name not in self._contents:
                self._contents[name] = file.read()
            return self._contents[name]


def common_headers() -> Headers:
    """Return the headers that Django's middleware adds to every response."""
    headers = dict(SECURITY_HEADERS)
    if settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _is_secure(scope: Scope) -> bool:
    if not settings.TRUSTED_PROXIES:
        return bool(scope["scheme"] == "https")
    return (b"x-forwarded-proto", b"https") in scope["headers"]
