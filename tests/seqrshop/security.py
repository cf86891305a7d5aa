"""The headers that each answer has."""

from __future__ import annotations

from collections.abc import Mapping

from seqrshop.middleware import DENIED_FEATURES

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def held(headers: Mapping[str, str]) -> None:
    """Hold an answer to the headers that each has."""
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    permissions = headers["Permissions-Policy"].split(", ")
    assert permissions == [f"{feature}=()" for feature in DENIED_FEATURES]
    assert "Server" not in headers
    assert "X-Powered-By" not in headers
