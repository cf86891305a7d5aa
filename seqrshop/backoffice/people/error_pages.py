"""The back office's own error pages; customers and programs get those of the storefront."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import admin
from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from payments.staff_roles import roles_with
from seqrshop.backoffice.accounts import group_label, permission_label
from seqrshop.backoffice.permissions import LacksPermission

STAFF_PATHS = ("/admin/", "/staff/")
# The last part of the names of Django's admin pages, and the permission that each needs.
ACTIONS_OF_PAGES = {
    "add": "add",
    "change": "change",
    "changelist": "view",
    "delete": "delete",
    "history": "view",
}
# The permissions that pages of our own need.
PERMISSIONS_OF_PAGES = {
    "orders_auditevent_export": "orders.view_auditevent",
    "orders_qrcode_png": "orders.view_qrcode",
    "orders_qrcode_svg": "orders.view_qrcode",
    "orders_shop_start": "orders.view_shop",
    "orders_shop_terminal": "orders.change_shop",
    "orders_terminal_retire": "orders.change_terminal",
    "orders_order_receipt": "payments.view_invoice",
    "payments_invoice_capture": "payments.capture_invoice",
    "payments_invoice_refund": "payments.request_refund",
    "payments_refund_approvals": "payments.view_refund",
    "payments_refund_resolve": "payments.resolve_unknown_refund",
    "payments_transactionperiod_resolve": "payments.reconcile_transactionperiod",
}


@dataclass(frozen=True)
class MissingPermission:
    """A permission that a person lacks: its label, and the labels of the roles that have it."""

    label: str
    roles: list[str]


def is_staff_page(request: HttpRequest) -> bool:
    """Return whether a request is one for a page of the back office, which a person reads."""
    return request.path_info.startswith(STAFF_PATHS) and "text/html" in request.headers.get(
        "Accept", ""
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page of a person who lacks a permission or a shop."""
    missing = _missing_permission(request, exception)
    context = {
        "title": _("You may not do this"),
        "missing": missing,
        "own_roles": _own_roles(request),
        "roles_url": reverse("staff:roles"),
    }
    return _page(request, "staff/forbidden.html", context, 403)


def error_page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """Return the page of an error, with a link to the first page."""
    return _page(request, "staff/error.html", {"title": title, "text": text}, status)


def not_found(request: HttpRequest) -> HttpResponse:
    """Return the page for an address that does not exist, or for a row of another shop."""
    return error_page(
        request,
        404,
        _("This page does not exist"),
        _("The address is wrong, or what it showed is gone or belongs to a shop that you lack."),
    )


def csrf_failed(request: HttpRequest) -> HttpResponse:
    """Return the page for a form that was open for too long, or came from another site."""
    return error_page(
        request,
        403,
        _("This page was open for too long"),
        _("Nothing was changed. Go back, reload the page, and try again."),
    )


def _page(
    request: HttpRequest, template: str, context: Mapping[str, object], status: int
) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)


def _own_roles(request: HttpRequest) -> list[str]:
    if not request.user.is_authenticated:
        return []
    return [group_label(group) for group in request.user.groups.order_by("name")]


def _missing_permission(request: HttpRequest, exception: Exception) -> MissingPermission | None:
    """Return what the person lacks; None where it is not a permission, but a shop."""
    name = (
        exception.permission
        if isinstance(exception, LacksPermission)
        else _permission_of_page(request)
    )
    if not name or request.user.has_perm(name):
        return None
    app_label, _dot, codename = name.partition(".")
    permission = (
        Permission.objects.select_related("content_type")
        .filter(content_type__app_label=app_label, codename=codename)
        .first()
    )
    if permission is None:
        return None
    return MissingPermission(
        permission_label(permission), [str(role.label) for role in roles_with(name)]
    )


def _permission_of_page(request: HttpRequest) -> str:
    """Return the permission that a page of the admin needs, by the name of its address."""
    match = request.resolver_match
    name = (match.url_name or "") if match and match.app_name == "admin" else ""
    if name in PERMISSIONS_OF_PAGES:
        return PERMISSIONS_OF_PAGES[name]
    app_label, _, model_and_page = name.partition("_")
    model, _, page = model_and_page.partition("_")
    return f"{app_label}.{ACTIONS_OF_PAGES[page]}_{model}" if page in ACTIONS_OF_PAGES else ""
