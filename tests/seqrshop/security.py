"""The security headers of every response."""

from __future__ import annotations

from collections.abc import Mapping

from seqrshop.middleware import DENIED_FEATURES

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def assert_security_headers(headers: Mapping[str, str]) -> None:
    """Assert that a response has them."""
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
    denied = (*DENIED_FEATURES, "publickey-credentials-get")
    assert permissions == [f"{feature}=()" for feature in denied]
    assert "Server" not in headers
    assert "X-Powered-By" not in headers
