"""Permission checks for the pages and actions of staff."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class LacksPermission(PermissionDenied):
    """The person lacks this permission; the page that answers names the roles that have it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


def permission_check(permission: str) -> Callable[[Any, HttpRequest], bool]:
    """Return a `has_…_permission` method for the actions that need this permission."""

    def has_permission(_modeladmin: Any, request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return has_permission


def has_permissions(request: HttpRequest, permissions: Iterable[str]) -> bool:
    """Return whether the person who makes the request has all of these permissions."""
    return all(map(request.user.has_perm, permissions))


def require_permissions(request: HttpRequest, permissions: Iterable[str]) -> None:
    """Raise LacksPermission for the first of these permissions that the person lacks."""
    for permission in permissions:
        require_permission(request, permission)


def require_permission(request: HttpRequest, permission: str) -> None:
    """Raise LacksPermission unless the person who makes the request has the permission."""
    if not request.user.has_perm(permission):
        raise LacksPermission(permission)
