"""Permission checks for the actions of staff."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest


def permission_check(permission: str) -> Callable[[Any, HttpRequest], bool]:
    """Return a `has_…_permission` method for the actions that need this permission."""

    def has_permission(_modeladmin: Any, request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return has_permission
