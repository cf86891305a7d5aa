"""The requests of the kitchen board's script: read the board, record a step, pause the shop."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from orders.audit import by_staff
from orders.languages import current_language
from orders.models import Order, OrderState, Shop
from orders.models.order import PROGRESS_FIELDS
from orders.services import advance_order, mark_paused, undo_step
from orders.state_machine import TransitionError
from seqrshop.backoffice.action_results import log_change
from seqrshop.backoffice.kitchen.access import PAUSE_PERMISSION, shop_of_board
from seqrshop.backoffice.kitchen.board import BoardView, read_board
from seqrshop.backoffice.kitchen.stream import accept_board_stream
from seqrshop.backoffice.permissions import require_permission

PAUSE_MINUTES = re.compile("0|[1-9][0-9]{0,2}|", re.ASCII)
CHANGES = {"record": advance_order, "undo": undo_step}

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, str, P], HttpResponse]


def _board_request(
    *methods: str,
) -> Callable[[Callable[Concatenate[HttpRequest, Shop, P], HttpResponse]], View[P]]:
    """Pass the shop to a view, for these methods; answer 401 where nobody is signed in.

    Django's own answer is the sign-in page, which a script cannot tell from a board.
    """

    def decorate(view: Callable[Concatenate[HttpRequest, Shop, P], HttpResponse]) -> View[P]:
        @require_http_methods(methods)
        @wraps(view)
        def checked(
            request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if not admin.site.has_permission(request):
                return _answer({"error": "signed_out"}, 401)
            response = view(request, shop_of_board(request, slug), *args, **kwargs)
            response.headers["Cache-Control"] = "no-store"
            return response

        return cast(View[P], checked)

    return decorate


@_board_request("GET", "HEAD")
def board(_request: HttpRequest, shop: Shop) -> HttpResponse:
    """Return the board."""
    return HttpResponse(read_board(_view(shop)), content_type="application/json")


@_board_request("GET", "HEAD")
def board_events(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Return the board, then stream its changes if the server supports streams."""
    view = _view(shop)
    body = read_board(view)
    accept_board_stream(request, view)
    return HttpResponse(body, content_type="application/json")


@_board_request("POST")
def change_step(request: HttpRequest, shop: Shop, order_id: int) -> HttpResponse:
    """Record a step of an order, or undo it.

    Answers 400 to an unknown step, 404 for another shop's order, and 409 with a message where the
    order is not to be served. A step that another screen has recorded is no error.
    """
    step, change = request.POST.get("step"), CHANGES.get(request.POST.get("change", ""))
    if step not in PROGRESS_FIELDS or change is None:
        return _answer({"error": "unknown_step"}, 400)
    order = get_object_or_404(Order, pk=order_id, shop=shop)
    try:
        changed = change(order.pk, OrderState(step), by_staff(request.user))
    except TransitionError:
        order.refresh_from_db()
        state = {"number": order.number, "state": OrderState(order.state).label}
        message = _("Order %(number)s is not to be served: %(state)s.") % state
        return _answer({"error": "not_to_be_served", "message": message}, 409)
    return _answer({"changed": changed})


@_board_request("POST")
def pause(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Pause the shop's orders for `minutes`, or until somebody opens it; open it at "0".

    Answers 400 to anything but a number below 1,000.
    """
    require_permission(request, PAUSE_PERMISSION)
    minutes = request.POST.get("minutes", "")
    if not PAUSE_MINUTES.fullmatch(minutes):
        return _answer({"error": "invalid_minutes"}, 400)
    opens = minutes == "0"
    until = timezone.now() + timedelta(minutes=int(minutes)) if minutes and not opens else None
    with transaction.atomic():
        changed = mark_paused(shop, paused=not opens, until=until)
        if changed:
            log_change(shop, by_staff(request.user), _("Opened") if opens else _("Paused"))
    return _answer({"changed": changed})


def _view(shop: Shop) -> BoardView:
    return BoardView(shop.pk, current_language())


def _answer(body: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status)
