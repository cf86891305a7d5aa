"""Steps of an owner who invites a colleague, and of the colleague who opens the link."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from tests.staff import admin_url

INVITATION = "/staff/invitation"
PASSWORD = "a long enough password"
JOIN = {"username": "astrid", "name": "Astrid", "password1": PASSWORD, "password2": PASSWORD}


def role(name: str) -> Group:
    """Return the group of a ready-made role."""
    return Group.objects.get(name=name)


def invited(client: Client, name: str = "Cashier", **fields: Any) -> str:
    """Invite a colleague by the form; return the token of the link."""
    form = {"role": role(name).pk, "all_shops": "on", **fields}
    page = client.post(admin_url(User, "add"), form)
    address, _hash, token = page.context["link"].partition("#")
    assert address == f"http://testserver{INVITATION}"
    return str(token)


def accept(token: str, browser: Client | None = None, **fields: Any) -> Any:
    """Post the form of the invited person."""
    return (browser or Client()).post(INVITATION, {"token": token, **JOIN, **fields})
