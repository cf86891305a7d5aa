"""Staff at the admin: who may do what, and the steps they take there."""

from itertools import count
from typing import Any

from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client
from django.urls import reverse

_numbers = count(1)


def staff(*permissions: str, superuser: bool = False) -> Client:
    """Return the browser of a staff member with these permissions, as `orders.view_order`."""
    user = User.objects.create_user(
        f"staff-{next(_numbers)}", is_staff=True, is_superuser=superuser
    )
    for permission in permissions:
        app_label, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app_label, codename=codename)
        )
    client = Client()
    client.force_login(user)
    return client


def boss() -> Client:
    """Return the browser of a superuser."""
    return staff(superuser=True)


def user_of(client: Client) -> User:
    """Return who is logged in."""
    return User.objects.get(pk=client.session["_auth_user_id"])


def list_url(model: type[Model]) -> str:
    """Return the address of a model's list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_url(row: Model) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def find(client: Client, model: type[Model], **query: str) -> list[Any]:
    """Return the rows that a list shows for this query, such as q="1005"."""
    return list(client.get(list_url(model), query).context["cl"].result_list)


def run(client: Client, action: str, *rows: Model, **more: str) -> list[str]:
    """Choose rows in their list and run an action; return what the staff member is told."""
    body = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    response: Any = client.post(list_url(type(rows[0])), body)
    return told(response)


def told(response: Any) -> list[str]:
    """Return the messages that the answer to a POST leaves for the next page."""
    return [str(message) for message in get_messages(response.wsgi_request)]
