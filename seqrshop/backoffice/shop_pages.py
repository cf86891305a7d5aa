"""The pages below a shop's own: its addresses, terminal, hours and menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from orders.models import Shop
from seqrshop.backoffice.copy_hours import COPY_HOURS_PERMISSIONS, copy_hours_page
from seqrshop.backoffice.menu_files.pages import IMPORT_PERMISSIONS, export_response, menu_page
from seqrshop.backoffice.menu_files.preview import preview_page
from seqrshop.backoffice.permissions import require_permissions
from seqrshop.backoffice.scoped_admin import ShopScopedAdmin
from seqrshop.backoffice.shop_scope import has_all_shops
from seqrshop.backoffice.shop_start import start_page
from seqrshop.backoffice.shop_terminal import terminal_page

Page = Callable[[HttpRequest, Shop], HttpResponse]
SEE_MENU = ("orders.view_product",)
# Each page by its name, with the permissions that it needs besides seeing the shop.
PAGES: dict[str, tuple[Page, tuple[str, ...]]] = {
    "start": (start_page, ()),
    "hours": (copy_hours_page, COPY_HOURS_PERMISSIONS),
    "menu": (menu_page, SEE_MENU),
    "menu_preview": (preview_page, IMPORT_PERMISSIONS),
    "menu_export": (export_response, SEE_MENU),
}


class ShopPagesAdmin(ShopScopedAdmin[Shop]):
    """Serves the pages below a shop's own."""

    def may_change_terminal(self, request: HttpRequest) -> bool:
        """Return whether the person may change a shop's terminal: all shops share them."""
        return self.has_change_permission(request) and has_all_shops(request)

    def get_urls(self) -> list[URLPattern]:
        """Add the pages below a shop's own."""
        views: dict[str, Any] = {name: partial(self._page, name) for name in PAGES}
        views["terminal"] = self.terminal_view
        return [
            *(
                path(
                    f"<int:shop_id>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"orders_shop_{name}",
                )
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def _page(self, name: str, request: HttpRequest, shop_id: int) -> HttpResponse:
        """Show one of PAGES."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page, permissions = PAGES[name]
        require_permissions(request, permissions)
        return page(request, get_object_or_404(self.get_queryset(request), pk=shop_id))

    def terminal_view(self, request: HttpRequest, shop_id: int) -> HttpResponse:
        """Show the page on which the shop gets another terminal."""
        if not self.may_change_terminal(request):
            raise PermissionDenied
        return terminal_page(request, get_object_or_404(self.get_queryset(request), pk=shop_id))
