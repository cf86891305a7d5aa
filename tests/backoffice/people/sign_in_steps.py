"""Steps of a person who signs in, and the events that the audit then has."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from orders.models import AuditEvent, StaffAccess, SubjectType
from payments.staff_roles import save_roles

PASSWORD = "a long password of the owner"


def person(role: str = "Owner", name: str = "astrid") -> User:
    """Return a person with a role, all shops and the password of the tests."""
    save_roles()
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    StaffAccess.objects.create(user=user, all_shops=True)
    return user


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
