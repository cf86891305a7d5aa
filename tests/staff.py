"""Members of staff at the admin: their permissions, and their steps."""

import time
from collections.abc import Iterable
from itertools import count
from typing import Any

from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client

from orders.models import Shop, StaffAccess
from seqrshop.backoffice.links import admin_url, list_url, page_url
from seqrshop.backoffice.people.session_limits import ACTIVE_AT, SIGNED_IN_AT, WITH_FACTOR

__all__ = [
    "admin_url",
    "browser_signed_in",
    "list_url",
    "listed",
    "page_url",
    "run_action",
    "shown_messages",
    "staff",
    "superuser",
    "user_of",
]

_numbers = count(1)


def staff(
    *permissions: str, is_superuser: bool = False, shops: Iterable[Shop] | None = None
) -> Client:
    """Return the browser of a member of staff with permissions such as `orders.view_order`.

    The person has these shops, or all of them.
    """
    user = User.objects.create_user(
        f"staff-{next(_numbers)}", is_staff=True, is_superuser=is_superuser
    )
    access = StaffAccess.objects.create(user=user, all_shops=shops is None)
    access.shops.set(shops or ())
    for permission in permissions:
        app_label, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app_label, codename=codename)
        )
    return browser_signed_in(user)


def browser_signed_in(user: User, *, with_factor: bool = False) -> Client:
    """Return a browser in which this person has just signed in."""
    client = Client()
    client.force_login(user)
    session: Any = client.session
    now = time.time()
    session.update({SIGNED_IN_AT: now, ACTIVE_AT: now, WITH_FACTOR: with_factor})
    session.save()
    return client


def superuser() -> Client:
    """Return the browser of a superuser."""
    return staff(is_superuser=True)


def user_of(client: Client) -> User:
    """Return the user who is logged in."""
    return User.objects.get(pk=client.session["_auth_user_id"])


def listed(client: Client, model: type[Model], **query: str) -> list[Any]:
    """Return the rows that a list shows for a query, such as q="1005"."""
    return list(client.get(list_url(model), query).context["cl"].result_list)


def run_action(client: Client, action: str, *rows: Model, **fields: str) -> list[str]:
    """Run an action on rows of a list, and return the messages shown."""
    body = {"action": action, "_selected_action": [row.pk for row in rows], **fields}
    return shown_messages(client.post(list_url(type(rows[0])), body))


def shown_messages(response: Any) -> list[str]:
    """Return the messages that the response to a POST leaves for the next page."""
    return [str(message) for message in get_messages(response.wsgi_request)]
