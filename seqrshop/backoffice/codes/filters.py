"""The filters of the list of codes: by their prints, and by their scans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.codes.prints import PrintState, in_print_state
from orders.codes.scans import unused_since
from orders.models import QrCode

UNUSED_AFTER = timedelta(weeks=3)


class PrintFilter(admin.SimpleListFilter):
    """Codes by what has to be done about their prints."""

    title = _("prints")
    parameter_name = "prints"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer each state of prints."""
        return [(state.value, state.label) for state in PrintState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QrCode]) -> QuerySet[QrCode]:
        """Return the codes in the chosen state."""
        return in_print_state(queryset, self.value()) if self.value() else queryset


class UseFilter(admin.SimpleListFilter):
    """Codes that customers do not use."""

    title = _("use")
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the unused codes."""
        return [("unused", _("Not scanned for three weeks"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QrCode]) -> QuerySet[QrCode]:
        """Return the codes that nobody has scanned for UNUSED_AFTER."""
        if self.value() != "unused":
            return queryset
        return queryset.filter(unused_since(timezone.now() - UNUSED_AFTER))
