"""The member of staff behind a request: their permissions, and their name in the audit."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from orders.audit import ChangeSource, by_staff


def permission_check(permission: str) -> Callable[[Any, HttpRequest], bool]:
    """Return a `has_…_permission` method for the actions that need this permission."""

    def has_permission(_modeladmin: Any, request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return has_permission


def staff_source(request: HttpRequest) -> ChangeSource:
    """Return the source of a change that this member of staff makes."""
    return by_staff(request.user)
