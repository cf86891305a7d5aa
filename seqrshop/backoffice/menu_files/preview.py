"""The page that says what an import does to a shop's menu, and applies it if that still holds."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, override

from orders.menu_file.apply import PlanChanged, apply_import
from orders.menu_file.plan import MenuPlan, RowAction, RowPlan
from orders.menu_file.sources import plan_import
from orders.models import MenuImport, Product, Shop
from seqrshop.backoffice.links import admin_url, page_url

MAX_ROWS_SHOWN = 500
LOGGED_LENGTH = 300
MENU_IMPORT = gettext_noop("menu import")  # translated where the history is shown


def preview_page(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Show what the person's import does; apply it, or drop it, on a post."""
    own = MenuImport.objects.filter(shop=shop, made_by=request.user.pk)
    upload = own.select_related("shop", "copied_from").first()
    if request.method == "POST" and upload is not None:
        return _decide(request, upload)
    plan = None if upload is None else plan_import(upload)
    context = {
        **admin.site.each_context(request),
        "title": _("What changes in the menu of %(shop)s") % {"shop": shop},
        "shop": shop,
        "opts": shop._meta,
        "back_url": page_url(shop),
        "menu_url": admin_url(Shop, "menu", shop.pk),
        "upload": upload,
        **({} if upload is None or plan is None else _plan_context(upload, plan)),
    }
    return TemplateResponse(request, "admin/orders/shop/menu_preview.html", context)


def _plan_context(upload: MenuImport, plan: MenuPlan) -> dict[str, Any]:
    shown = [row for row in plan.rows if row.action != RowAction.UNCHANGED]
    shown.sort(key=lambda row: row.action != RowAction.ERROR)
    errors = plan.count(RowAction.ERROR)
    return {
        "digest": plan.digest,
        "summary": _summary(plan),
        "notes": [*upload.notes, *_notes(upload, plan)],
        "rows": shown[:MAX_ROWS_SHOWN],
        "more": len(shown) - MAX_ROWS_SHOWN if len(shown) > MAX_ROWS_SHOWN else 0,
        "errors": errors,
        "may_apply": bool(shown) and not errors,
    }


def _summary(plan: MenuPlan) -> list[str]:
    """Return how many rows do what."""
    counts = {action: plan.count(action) for action in RowAction}
    texts = {
        RowAction.ERROR: ngettext(
            "%(n)d row cannot be applied", "%(n)d rows cannot be applied", counts[RowAction.ERROR]
        ),
        RowAction.NEW: ngettext("%(n)d new product", "%(n)d new products", counts[RowAction.NEW]),
        RowAction.CHANGED: ngettext(
            "%(n)d product changes", "%(n)d products change", counts[RowAction.CHANGED]
        ),
        RowAction.UNCHANGED: ngettext(
            "%(n)d product is unchanged",
            "%(n)d products are unchanged",
            counts[RowAction.UNCHANGED],
        ),
    }
    return [text % {"n": counts[action]} for action, text in texts.items() if counts[action]]


def _notes(upload: MenuImport, plan: MenuPlan) -> list[str]:
    notes = []
    if plan.missing:
        text = ngettext(
            "%(n)d product of the shop is not in it, and stays as it is.",
            "%(n)d products of the shop are not in it, and stay as they are.",
            plan.missing,
        )
        notes.append(text % {"n": plan.missing})
    if plan.prices_from is not None:
        moment = date_format(timezone.localtime(plan.prices_from), "j F Y H:i")
        notes.append(_("The new prices count from %(time)s.") % {"time": moment})
    if upload.copied_from is not None:
        notes.append(
            _(
                "Option groups with the same names stay as they are here. What is sold out at the "
                "other shop is not sold out here."
            )
        )
    return notes


def _decide(request: HttpRequest, upload: MenuImport) -> HttpResponse:
    shop = upload.shop
    if "drop" in request.POST:
        upload.delete()
        messages.info(request, _("Nothing was changed."))
        return HttpResponseRedirect(admin_url(Shop, "menu", shop.pk))
    try:
        with transaction.atomic():
            done = apply_import(upload, request.POST.get("digest", ""))
            _log(upload, done)
    except PlanChanged:
        text = _("The menu has changed since this page was opened. Check what the rows do now.")
        messages.warning(request, text)
        return HttpResponseRedirect(admin_url(Shop, "menu_preview", shop.pk))
    text = ngettext("%(n)d product was saved.", "%(n)d products were saved.", len(done))
    messages.success(request, text % {"n": len(done)})
    return HttpResponseRedirect(admin_url(Shop, "menu", shop.pk))


def _log(upload: MenuImport, done: list[RowPlan]) -> None:
    """Record each product's change in Django's log, as its history shows it in any language."""
    content_type_id = ContentType.objects.get_for_model(Product).pk
    origin = str(upload.copied_from or upload.file_name)
    with override("en"):  # the history translates the names of the fields
        rows = [(row, [str(change.column.label) for change in row.changes]) for row in done]
    LogEntry.objects.bulk_create(
        LogEntry(
            user_id=upload.made_by_id,
            content_type_id=content_type_id,
            object_id=str(row.product and row.product.pk),
            object_repr=str(row.product)[:200],
            action_flag=ADDITION if row.is_new else CHANGE,
            change_message=json.dumps([_message(row, origin, names)]),
        )
        for row, names in rows
    )


def _message(row: RowPlan, origin: str, fields: list[str]) -> dict[str, Any]:
    if row.is_new:
        return {"added": {"name": MENU_IMPORT, "object": origin}}
    values = "; ".join(f"{change.before} → {change.after}" for change in row.changes)
    words = f"{origin}: {values}"[:LOGGED_LENGTH]
    return {"changed": {"name": MENU_IMPORT, "object": words, "fields": fields}}
