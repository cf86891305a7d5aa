"""The pages of the kitchen board: a choice of shops, and the board of one."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from orders.models import Shop
from seqrshop.backoffice.kitchen.access import BOARD_PERMISSION, PAUSE_PERMISSION, shop_of_board
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import own_rows

PAUSE_MINUTES = (20, 40, 60)


@require_safe
def choose_shop(request: HttpRequest) -> HttpResponse:
    """Open the board of the person's only shop, or let the person choose one of several."""
    require_permission(request, BOARD_PERMISSION)
    shops = list(own_rows(request, Shop.objects.all()))
    if len(shops) == 1:
        return redirect("staff:kitchen_board", slug=shops[0].slug)
    context = {**admin.site.each_context(request), "title": _("Kitchen"), "shops": shops}
    return TemplateResponse(request, "staff/kitchen_shops.html", context)


@require_safe
def board_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the board, whose script reads the orders."""
    shop = shop_of_board(request, slug)
    context = {
        **admin.site.each_context(request),
        "title": _("Kitchen"),
        "shop": shop,
        "pause_minutes": PAUSE_MINUTES,
        "may_pause": request.user.has_perm(PAUSE_PERMISSION),
        "may_change_shop": own_rows(request, Shop.objects.all()).count() > 1,
    }
    return TemplateResponse(request, "staff/kitchen.html", context)
