"""The page after a shop is added: its addresses for SEQR, and its first QR codes."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.codes.tables import Place, PlacementTaken, add_missing_codes, numbered_places
from orders.models import QrCode, Shop
from seqrshop.backoffice.codes.tables_page import placement_taken, report_added
from seqrshop.backoffice.links import admin_url, list_url, page_url
from seqrshop.backoffice.page_addresses import PAGE_NAMES, check_addresses, page_address

MAX_TABLES = 100  # the page shows each of them; another page makes more
CODE_PIXELS = 111


class FirstCodesForm(forms.Form):
    """The first codes of a shop."""

    counter = forms.BooleanField(label=_("A code for the counter"), required=False, initial=True)
    tables = forms.IntegerField(
        label=_("Codes for the tables 1 to"),
        required=False,
        min_value=1,
        max_value=MAX_TABLES,
        widget=forms.NumberInput(attrs={"class": "vIntegerField"}),
    )

    def clean(self) -> dict[str, Any]:
        """Require a code."""
        cleaned = super().clean() or {}
        if not self.errors and not cleaned["counter"] and not cleaned["tables"]:
            raise ValidationError(_("Choose the counter or a number of tables."))
        return cleaned

    def wanted(self) -> list[Place]:
        """Return the placement and the parameters of each code."""
        counter = [Place(gettext("Counter"), "")] if self.cleaned_data["counter"] else []
        last = self.cleaned_data["tables"] or 0
        return [*counter, *numbered_places(gettext("Table #"), "TABLE=#", 1, last)]


def start_page(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Show the shop's addresses and codes; check the addresses, or make codes, if asked to."""
    form = FirstCodesForm(request.POST if request.method == "POST" else None)
    may_make_codes = request.user.has_perm("orders.add_qrcode")
    if request.method == "POST":
        if not may_make_codes:
            raise PermissionDenied
        if form.is_valid() and _make_codes(request, shop, form):
            return HttpResponseRedirect(admin_url(Shop, "start", shop.pk))
    checks = check_addresses(shop) if "check" in request.GET else [None] * len(PAGE_NAMES)
    addresses = [
        (name, page_address(shop, page), check)
        for (page, name), check in zip(PAGE_NAMES.items(), checks, strict=True)
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Addresses and codes of %(shop)s") % {"shop": shop},
        "shop": shop,
        "opts": shop._meta,
        "back_url": page_url(shop),
        "addresses": addresses,
        "purchase_address": _purchase_address(request, shop),
        "purchase_products": shop.products.filter(instant_checkout=True),
        "form": form if may_make_codes else None,
        "codes": shop.qr_codes.all(),
        "codes_url": list_url(QrCode, shop__id__exact=shop.pk),
        "code_pixels": CODE_PIXELS,
    }
    return TemplateResponse(request, "admin/orders/shop/start.html", context)


def _purchase_address(request: HttpRequest, shop: Shop) -> str:
    """Return the address of Instant Checkout, for those who may change the shop: it is a secret."""
    key = shop.instant_checkout_key
    if not (key and request.user.has_perm("orders.change_shop")):
        return ""
    return page_address(shop, "create_purchase", secret=key)


def _make_codes(request: HttpRequest, shop: Shop, form: FirstCodesForm) -> bool:
    """Make the codes that the shop has not yet; return whether none breaks the print rules."""
    try:
        added = add_missing_codes(shop, form.wanted(), cast(User, request.user))
    except ValidationError as error:
        form.add_error("tables", error)
        return False
    except PlacementTaken as error:
        form.add_error("tables", placement_taken(error))
        return False
    report_added(request, added)
    return True
