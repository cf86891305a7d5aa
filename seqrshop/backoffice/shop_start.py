"""The page after a shop is added: its addresses for SEQR, and its first QR codes."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.models import QrCode, Shop
from orders.qr import save_qr_code
from seqrshop.backoffice.links import admin_url, list_url, page_url
from seqrshop.backoffice.page_addresses import PAGE_NAMES, check_addresses, page_address

MAX_TABLES = 100  # 3 seconds of drawing
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

    def wanted(self) -> list[tuple[str, str]]:
        """Return the placement and the parameters of each code."""
        codes = [(str(_("Counter")), "")] if self.cleaned_data["counter"] else []
        for table in range(1, (self.cleaned_data["tables"] or 0) + 1):
            codes.append((str(_("Table %(n)d")) % {"n": table}, f"TABLE={table}"))
        return codes


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
        "form": form if may_make_codes else None,
        "codes": shop.qr_codes.defer("svg", "png").order_by("pk"),
        "codes_url": list_url(QrCode, shop__id__exact=shop.pk),
        "code_pixels": CODE_PIXELS,
    }
    return TemplateResponse(request, "admin/orders/shop/start.html", context)


def _make_codes(request: HttpRequest, shop: Shop, form: FirstCodesForm) -> bool:
    """Make the codes that the shop has not yet; return whether none breaks the print rules."""
    present = set(shop.qr_codes.values_list("parameters", flat=True))
    wanted = form.wanted()
    missing = [(place, parameters) for place, parameters in wanted if parameters not in present]
    try:
        with transaction.atomic():
            for placement, parameters in missing:
                save_qr_code(shop, placement, parameters, cast(User, request.user))
    except ValidationError as error:
        form.add_error("tables", error)
        return False
    made, kept = len(missing), len(wanted) - len(missing)
    if made:
        text = ngettext("%(n)d code was made.", "%(n)d codes were made.", made)
        messages.success(request, text % {"n": made})
    if kept:
        text = ngettext("%(n)d code was there already.", "%(n)d codes were there already.", kept)
        messages.info(request, text % {"n": kept})
    return True
