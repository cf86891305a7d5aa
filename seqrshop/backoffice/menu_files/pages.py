"""The page of a shop's menu as a file: download, upload, copy; and the download itself."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import FileField, FileInput, Form, ModelChoiceField, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.menu_file.columns import COLUMNS
from orders.menu_file.export import export_menu
from orders.menu_file.table import MAX_FILE_BYTES, Table, UnreadableFile, read_table
from orders.models import MenuImport, Shop
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.local_time_field import LocalDateTimeField
from seqrshop.backoffice.permissions import has_permissions, require_permissions
from seqrshop.backoffice.planned_prices import require_planned_time
from seqrshop.backoffice.shop_scope import own_rows

IMPORT_PERMISSIONS = ("orders.add_product", "orders.change_product")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAX_FILE_NAME_LENGTH = 120


class ImportForm(Form):
    """A file with a menu, and from when its prices count."""

    file = FileField(
        label=gettext_lazy("CSV or Excel file"),
        widget=FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        help_text=gettext_lazy("At most 2 MB and 2,000 products."),
    )
    prices_from = LocalDateTimeField(
        required=False,
        label=gettext_lazy("New prices from"),
        help_text=gettext_lazy(
            "Leave empty to change prices at once. New products have their price at once."
        ),
    )

    def clean_file(self) -> Table:
        """Read the file."""
        file = self.cleaned_data["file"]
        content = file.read(MAX_FILE_BYTES + 1)
        try:
            return read_table(content)
        except UnreadableFile as error:
            raise ValidationError(error.reason) from error

    def clean_prices_from(self) -> Any:
        """Refuse a time that is past."""
        prices_from = self.cleaned_data["prices_from"]
        if prices_from is not None:
            require_planned_time(prices_from)
        return prices_from


class CopyForm(Form):
    """Another shop whose menu is copied."""

    copy_from = ModelChoiceField(
        Shop.objects.none(), label=gettext_lazy("Copy the menu of"), empty_label=None
    )


def menu_page(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Offer the menu as a file; take a file, or another shop, and lead to the preview."""
    others = own_rows(request, Shop.objects.exclude(pk=shop.pk)).filter(currency=shop.currency)
    upload_form, copy_form = ImportForm(), CopyForm()
    if request.method == "POST":
        require_permissions(request, IMPORT_PERMISSIONS)
        if "copy_from" in request.POST:
            copy_form = CopyForm(request.POST)
        else:
            upload_form = ImportForm(request.POST, request.FILES)
    copied: Any = copy_form.fields["copy_from"]
    copied.queryset = others.order_by("name")
    if upload_form.is_bound and upload_form.is_valid():
        _store_upload(request, shop, upload_form)
        return HttpResponseRedirect(admin_url(Shop, "menu_preview", shop.pk))
    if copy_form.is_bound and copy_form.is_valid():
        _store(request, shop, copied_from=copy_form.cleaned_data["copy_from"])
        return HttpResponseRedirect(admin_url(Shop, "menu_preview", shop.pk))
    may_import = has_permissions(request, IMPORT_PERMISSIONS)
    context = {
        **admin.site.each_context(request),
        "title": _("The menu of %(shop)s as a file") % {"shop": shop},
        "shop": shop,
        "opts": shop._meta,
        "back_url": page_url(shop),
        "export_url": admin_url(Shop, "menu_export", shop.pk),
        "upload_form": upload_form if may_import else None,
        "copy_form": copy_form if may_import and copied.queryset.exists() else None,
        "columns": [(column.heading, column.key) for column in COLUMNS],
    }
    return TemplateResponse(request, "admin/orders/shop/menu.html", context)


def _store_upload(request: HttpRequest, shop: Shop, form: ImportForm) -> None:
    table: Table = form.cleaned_data["file"]
    _store(
        request,
        shop,
        file_name=request.FILES["file"].name[:MAX_FILE_NAME_LENGTH],  # type: ignore[index,union-attr]
        rows=[{"number": row.number, "cells": row.cells} for row in table.rows],
        notes=table.notes,
        prices_from=form.cleaned_data["prices_from"],
    )


def _store(request: HttpRequest, shop: Shop, **fields: Any) -> None:
    """Keep an import until it is applied, in place of an earlier one of the person."""
    empty: dict[str, Any] = {
        "file_name": "",
        "rows": [],
        "notes": [],
        "prices_from": None,
        "copied_from": None,
        "made_at": timezone.now(),
    }
    MenuImport.objects.update_or_create(
        shop=shop, made_by_id=request.user.pk, defaults={**empty, **fields}
    )


def export_response(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Return the menu as a file: CSV, or Excel with `?format=xlsx`."""
    form = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
    name = f"{shop.slug}-{_('menu')}-{timezone.localdate():%Y-%m-%d}.{form}"
    return HttpResponse(
        export_menu(shop, form),
        content_type=CONTENT_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
