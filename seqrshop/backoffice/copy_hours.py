"""The page on which a shop's opening hours are copied to other shops."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import CheckboxSelectMultiple, Form, ModelMultipleChoiceField, MultipleChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.audit import by_staff
from orders.models import Shop
from orders.services.hours_copy import HoursPart, copy_hours
from seqrshop.backoffice.action_results import log_change
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.shop_scope import own_rows

COPY_HOURS_PERMISSIONS = (
    "orders.change_openinghours",
    "orders.change_openingexception",
    "orders.change_plannedpause",
)
PARTS = {
    HoursPart.WEEKLY: gettext_lazy("weekly opening hours, in place of those there"),
    HoursPart.EXCEPTIONS: gettext_lazy("days with other hours, from today on"),
    HoursPart.PAUSES: gettext_lazy("planned pauses"),
}


class CopyHoursForm(Form):
    """The shops that get the hours, and which parts of them."""

    shops = ModelMultipleChoiceField(
        Shop.objects.none(), widget=CheckboxSelectMultiple, label=gettext_lazy("To these shops")
    )
    parts = MultipleChoiceField(
        choices=[(part.value, label) for part, label in PARTS.items()],
        widget=CheckboxSelectMultiple,
        label=gettext_lazy("What is copied"),
        initial=[HoursPart.EXCEPTIONS.value],
    )

    def __init__(self, request: HttpRequest, shop: Shop) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        others: Any = self.fields["shops"]
        others.queryset = own_rows(request, Shop.objects.exclude(pk=shop.pk))


def copy_hours_page(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Ask for the shops and the parts, then copy the hours in one step."""
    form = CopyHoursForm(request, shop)
    if form.is_bound and form.is_valid():
        shops, source = form.cleaned_data["shops"], by_staff(request.user)
        with transaction.atomic():
            copy_hours(shop, shops, form.cleaned_data["parts"], timezone.now())
            for each in shops:
                text = _("Opening hours copied from %(shop)s") % {"shop": shop}
                log_change(each, source, text)
        names = ", ".join(str(each) for each in shops)
        messages.success(request, _("Copied to: %(shops)s.") % {"shops": names})
        return HttpResponseRedirect(page_url(shop))
    return form_page(
        request,
        shop,
        form,
        title=_("Copy the opening hours"),
        explanation=_(
            "Days with other hours and planned pauses are added to those of the other shops, and "
            "replace the ones that they overlap."
        ),
        button=_("Copy"),
        action_url=admin_url(Shop, "hours", shop.pk),
    )
