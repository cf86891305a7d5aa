"""An authenticator app of the tests: RFC 6238 computed on its own, not by the shop's code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time

from django.contrib.auth.models import User

from seqrshop.backoffice.people import second_factor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str, *, steps_later: int = 0) -> str:
    """Return the app's code of this moment, or of so many steps of 30 seconds later."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps_later)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[19] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def add_app(user: User) -> None:
    """Give a person an authenticator app, whose codes have not been used."""
    second_factor.add_app(user, SECRET, 0)
