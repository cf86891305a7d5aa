"""An authenticator app of the tests: RFC 6238 computed on its own, not by the shop's code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from orders.models import AuditEvent, SecondFactor, SubjectType
from seqrshop.backoffice.people import second_factor

PASSWORD = "a long password of the owner"
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


def sign_in(user: User, *, client: Client | None = None, next_url: str = "") -> Any:
    """Post the right password; return the answer."""
    form = {"username": user.username, "password": PASSWORD, "next": next_url}
    return (client or Client()).post(reverse("admin:login"), form)


def is_signed_in(client: Client) -> bool:
    """Return whether the browser opens the back office."""
    return bool(client.get(reverse("admin:index")).status_code == 200)


def events(user: User | None = None) -> list[str]:
    """Return the names of a person's events in the audit, oldest first."""
    rows = AuditEvent.objects.filter(subject_type=SubjectType.USER)
    return [row.name for row in rows.filter(subject_id=user.pk if user else None)]


def factor_of(user: User) -> SecondFactor:
    """Return a person's row."""
    return SecondFactor.objects.get(user=user)
