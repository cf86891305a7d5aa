"""The page of a shop's day, on which a person signs it off or re-opens it, and its PDF."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import Shop
from payments.closings.local_days import day_of
from payments.closings.overview import DayState, read_states
from payments.closings.read import first_days
from payments.closings.sheet import parts_of, signatures_of
from payments.closings.sign import (
    MAX_REASON_LENGTH,
    ClosingNotAccepted,
    reopen_day,
    sign_day,
)
from payments.closings.verdict import verdict_of
from payments.models import DayClosing, MoneyCase
from seqrshop.backoffice.closing.days_page import (
    TONES,
    VIEW_PERMISSION,
    signature_pill,
)
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.links import page_url
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import own_rows

SIGN_PERMISSION = "payments.sign_dayclosing"
REOPEN_PERMISSION = "payments.reopen_dayclosing"


class ReopenForm(forms.Form):
    """Why a day is re-opened."""

    reason = forms.CharField(
        label=gettext_lazy("Why is the day re-opened?"),
        max_length=MAX_REASON_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@require_safe
def day_page(request: HttpRequest, slug: str, day: date) -> HttpResponse:
    """Show the figures of a day, and whether they agree."""
    require_permission(request, VIEW_PERMISSION)
    return _show(request, _shop(request, slug), day, ReopenForm())


@require_POST
def sign(request: HttpRequest, slug: str, day: date) -> HttpResponse:
    """Sign off a day with the figures that the person has read."""
    require_permission(request, SIGN_PERMISSION)
    shop = _shop(request, slug)
    try:
        _closing, is_new = sign_day(
            shop.pk, day, by_staff(request.user), seen=request.POST.get("seen", "")
        )
    except ClosingNotAccepted as error:
        messages.error(request, str(error))
    else:
        if is_new:
            messages.success(request, _("The day is signed off."))
        else:
            messages.warning(request, _("A colleague had signed off the day already."))
    return HttpResponseRedirect(_address(shop, day))


@require_POST
def reopen(request: HttpRequest, slug: str, day: date) -> HttpResponse:
    """Re-open a day that is signed off, with a reason."""
    require_permission(request, REOPEN_PERMISSION)
    shop, form = _shop(request, slug), ReopenForm(request.POST)
    if not form.is_valid():
        return _show(request, shop, day, form)
    reason = form.cleaned_data["reason"]
    if reopen_day(shop.pk, day, by_staff(request.user), reason=reason):
        messages.success(request, _("The day is open again. Sign it off with the new figures."))
    else:
        messages.warning(request, _("The day is not signed off."))
    return HttpResponseRedirect(_address(shop, day))


@require_safe
def pdf(request: HttpRequest, slug: str, day: date) -> HttpResponse:
    """Return the closing as a PDF in the person's language; of a signed day, what was signed."""
    # fpdf takes half a second to import: a process that makes no PDF starts without it.
    from payments.closings.pdf import closing_pdf  # noqa: PLC0415

    require_permission(request, VIEW_PERMISSION)
    shop = _shop(request, slug)
    state = _state(shop, day)
    if state is None:
        raise Http404
    content = closing_pdf(shop, state.shown, _closings(shop, day), database_now())
    name = f"closing-{shop.slug}-{day:%Y-%m-%d}.pdf"
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _shop(request: HttpRequest, slug: str) -> Shop:
    shops = own_rows(request, Shop.objects.select_related("seller"))
    return get_object_or_404(shops, slug=slug)


def _address(shop: Shop, day: date) -> str:
    return reverse("staff:closing_day", args=[shop.slug, day])


def _state(shop: Shop, day: date) -> DayState | None:
    """Return how a day stands; None before the shop's first sale.

    Raises Http404 for a day that has not begun.
    """
    now = database_now()
    if day > day_of(now):
        raise Http404
    first_day = first_days([shop.pk]).get(shop.pk)
    if first_day is None or day < first_day:
        return None
    (state,) = read_states({shop: [day]}, now, with_current=True)
    return state


def _closings(shop: Shop, day: date) -> list[DayClosing]:
    closings = DayClosing.objects.filter(shop=shop, day=day).order_by("id")
    return list(closings.select_related("signed_by", "reopened_by"))


def _show(request: HttpRequest, shop: Shop, day: date, form: ReopenForm) -> HttpResponse:
    state = _state(shop, day)
    context = {
        **admin.site.each_context(request),
        "title": _("Day closing %(day)s") % {"day": f"{day:%Y-%m-%d}"},
        "shop": shop,
        "day": day,
        "state": state,
        **({} if state is None else _contents(request, state)),
        "form": form,
    }
    return TemplateResponse(request, "staff/closing_day.html", context)


def _contents(request: HttpRequest, state: DayState) -> dict[str, Any]:
    may, figures = request.user.has_perm, state.shown
    verdict, now = verdict_of(figures), state.verdict
    open_cases = MoneyCase.objects.filter(pk__in=(state.current or figures).open_cases)
    return {
        "verdict": verdict,
        "tone": TONES[verdict.outcome],
        "verdict_now": now.text if now != verdict else "",
        "parts": parts_of(figures),
        "cases": (
            [(case, page_url(case)) for case in own_rows(request, open_cases)]
            if may("payments.view_moneycase")
            else []
        ),
        "signatures": signatures_of(_closings(state.shop, state.day)),
        "signature": signature_pill(state),
        "totals": [
            money(each.total, each.currency) for each in (state.takings if state.is_changed else ())
        ],
        "seen": state.current.digest if state.current else "",
        "may_sign": state.closing is None and may(SIGN_PERMISSION),
        "may_reopen": state.closing is not None and may(REOPEN_PERMISSION),
    }
