"""What staff may look at and nobody may edit, superusers included."""

from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest

from seqrshop.backoffice.detail import DetailActionsAdmin
from seqrshop.backoffice.typed import TabularInline

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)


class ReadOnlyAdmin(DetailActionsAdmin[M]):
    """Rows that change by shops alone; staff reach those through actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one."""
        return False


class ReadOnlyInline(TabularInline[M, P]):
    """Parts of a read-only row. Whoever may see the row may see them."""

    template = "admin/read_only_inline.html"
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The row's own permission decides."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one."""
        return False
