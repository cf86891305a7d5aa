"""Decides who may read a shop's board, at a request and while a stream is open."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from orders.models import Shop
from seqrshop.backoffice.kitchen.stream import Reader
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.streaming.loops import release_connection

BOARD_PERMISSION = "orders.serve_order"
PAUSE_PERMISSION = "orders.pause_shop"


def shop_of_board(request: HttpRequest, slug: str) -> Shop:
    """Return the shop at this web address. Raises LacksPermission, and Http404 for another's."""
    require_permission(request, BOARD_PERMISSION)
    return get_object_or_404(own_rows(request, Shop.objects.all()), slug=slug)


@release_connection
def allowed_readers(readers: Collection[tuple[Reader, int]]) -> set[tuple[Reader, int]]:
    """Return those of the readers who may still read the board of the shop with this ID.

    A person may have signed out, been deactivated, or lost the permission or the shop.
    """
    return {(reader, shop_id) for reader, shop_id in readers if may_read(reader, shop_id)}


def may_read(reader: Reader, shop_id: int) -> bool:
    """Return whether a reader may still read the board of the shop with this ID."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(reader.session_key)
    request.user = get_user(request)  # checks the session's end and the password, too
    if request.user.pk != reader.user_id or not admin.site.has_permission(request):
        return False
    own = own_rows(request, Shop.objects.filter(pk=shop_id))
    return request.user.has_perm(BOARD_PERMISSION) and own.exists()
