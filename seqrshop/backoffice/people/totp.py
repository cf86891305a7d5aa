"""Codes of authenticator apps: time-based one-time passwords, as RFC 6238 defines them.

Six digits of HMAC-SHA1, a new code every 30 seconds: what every authenticator app makes by default.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

import qrcode
from qrcode.image.svg import SvgPathFillImage

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20  # as many as SHA-1's digest, as RFC 4226 recommends
TOLERATED_STEPS = 1  # a clock may be wrong by 30 seconds, either way


def new_secret() -> str:
    """Return a new random secret in base 32, as apps read it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """Return the code of a step of 30 seconds since 1970."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of_code(secret: str, code: str, *, now: float, after_step: int = 0) -> int | None:
    """Return the step whose code this is, of those near `now` and after `after_step`; else None.

    `now` is in seconds since 1970. A step that has been used is not accepted again: give it, or a
    later one, as `after_step`.
    """
    if not code.isascii():
        return None
    current = int(now) // STEP_SECONDS
    for step in range(current - TOLERATED_STEPS, current + TOLERATED_STEPS + 1):
        if step > after_step and hmac.compare_digest(code_at(secret, step), code):
            return step
    return None


def provisioning_uri(secret: str, username: str, issuer: str) -> str:
    """Return the otpauth:// address that an app reads from a QR code."""
    label = quote(f"{issuer}:{username}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer})}"


def svg_of(uri: str) -> str:
    """Return an SVG image of a QR code with this address."""
    image = qrcode.make(uri, image_factory=SvgPathFillImage, border=2)
    return str(image.to_string(encoding="unicode"))
