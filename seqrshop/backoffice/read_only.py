"""Rows that staff may look at and nobody may edit, superusers included."""

from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest

from seqrshop.backoffice.row_actions import RowActionsAdmin
from seqrshop.backoffice.scoped_admin import ShopScopedInline

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)


class ReadOnly:
    """Refuses adding, changing and deleting by hand, whatever permissions a user has."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse everybody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse everybody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse everybody."""
        return False


class ReadOnlyAdmin(ReadOnly, RowActionsAdmin[M]):
    """Rows that only the service layer changes; staff reach it through actions."""


class ReadOnlyInline(ReadOnly, ShopScopedInline[M, P]):
    """Parts of a read-only row, visible to those who may see the row."""

    template = "admin/read_only_inline.html"
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave the decision to the row's own permission."""
        return True
