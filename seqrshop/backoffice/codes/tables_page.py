"""The page that makes the codes of many tables at once."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from orders.codes.content import payload
from orders.codes.tables import (
    MAX_CODES,
    NUMBER_SIGN,
    Added,
    Place,
    PlacementTaken,
    add_missing_codes,
    numbered_places,
)
from orders.models import QrCode, Shop
from seqrshop.backoffice.codes.print_files import propose_file
from seqrshop.backoffice.links import list_url
from seqrshop.backoffice.permissions import require_permission
from seqrshop.backoffice.shop_scope import own_rows

MAX_NUMBER = 99_999
PLACEMENT_LENGTH = 60


class TablesForm(forms.Form):
    """A range of tables: a pattern for the placement, one for the parameters, and two numbers."""

    shop = forms.ModelChoiceField(Shop.objects.none(), label=_("Shop"))
    placement = forms.CharField(
        label=_("Placement"),
        max_length=PLACEMENT_LENGTH,
        help_text=_("Printed below each code. # stands for the number, as in “Table #”."),
    )
    first = forms.IntegerField(label=_("From number"), min_value=0, max_value=MAX_NUMBER, initial=1)
    last = forms.IntegerField(label=_("To number"), min_value=0, max_value=MAX_NUMBER)
    parameters = forms.CharField(
        label=_("Parameters"),
        max_length=40,
        initial="TABLE=#",
        help_text=_("Passed from the code to the order page. # stands for the number here, too."),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shop: Any = self.fields["shop"]
        shop.queryset = own_rows(request, Shop.objects.all())
        if shop.initial is None and len(first_two := shop.queryset[:2]) == 1:
            shop.initial = first_two[0]
        self.fields["placement"].initial = gettext("Table #")

    def clean_placement(self) -> str:
        """Require the sign of the number."""
        return self._with_number("placement")

    def clean_parameters(self) -> str:
        """Require the sign of the number."""
        return self._with_number("parameters")

    def _with_number(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        if NUMBER_SIGN not in text:
            raise ValidationError(_("Write # where the number belongs."))
        return text

    def clean(self) -> dict[str, Any]:
        """Check the range, and each code against the print rules."""
        cleaned = super().clean() or {}
        if "first" in cleaned and "last" in cleaned:
            self._check_range(cleaned["first"], cleaned["last"])
        if not self.errors:
            self._check_codes(cleaned["shop"])
        return cleaned

    def _check_range(self, first: int, last: int) -> None:
        if last < first:
            self.add_error(
                "last", _("The last number is below the first one: did you mean the reverse?")
            )
        elif (number := last - first + 1) > MAX_CODES:
            text = _("These are %(n)d codes; make at most %(most)d at a time.")
            self.add_error("last", ValidationError(text, params={"n": number, "most": MAX_CODES}))

    def _check_codes(self, shop: Shop) -> None:
        for place in self.places():
            if len(place.placement) > PLACEMENT_LENGTH:
                text = _("“%(placement)s” is longer than %(most)d characters.")
                words = {"placement": place.placement, "most": PLACEMENT_LENGTH}
                self.add_error("placement", ValidationError(text, params=words))
                return
            try:
                payload(shop, place.parameters)
            except ValidationError as error:
                self.add_error("parameters", error)
                return

    def places(self) -> list[Place]:
        """Return the placement and the parameters of each code."""
        given = self.cleaned_data
        return numbered_places(
            given["placement"], given["parameters"], given["first"], given["last"]
        )


def tables_page(request: HttpRequest) -> HttpResponse:
    """Ask for a range of tables; make their codes, and go on to print them."""
    require_permission(request, "orders.add_qrcode")
    initial = {"shop": request.GET.get("shop")} if "shop" in request.GET else None
    form = TablesForm(request, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        added = _add(request, form)
        if added is not None:
            return HttpResponseRedirect(_page_after(request, added))
    context = {
        **admin.site.each_context(request),
        "title": _("Codes of many tables"),
        "form": form,
        "back_url": list_url(QrCode),
    }
    return TemplateResponse(request, "staff/tables.html", context)


def _add(request: HttpRequest, form: TablesForm) -> Added | None:
    """Make the codes, or show beside the field why not."""
    try:
        added = add_missing_codes(
            form.cleaned_data["shop"], form.places(), cast(User, request.user)
        )
    except PlacementTaken as error:
        form.add_error("placement", placement_taken(error))
        return None
    if not added.codes:
        form.add_error("last", _("The shop has all of these codes already."))
        return None
    report_added(request, added)
    return added


def placement_taken(error: PlacementTaken) -> ValidationError:
    """Return the sentence for a placement that the shop uses already."""
    text = _("The shop has another code at this placement already: %(placement)s.")
    return ValidationError(text, params={"placement": str(error)})


def report_added(request: HttpRequest, added: Added) -> None:
    """Show how many codes were made, and how many were there before."""
    if made := len(added.codes):
        text = ngettext("%(n)d code was made.", "%(n)d codes were made.", made)
        messages.success(request, text % {"n": made})
    if kept := added.present:
        text = ngettext("%(n)d code was there already.", "%(n)d codes were there already.", kept)
        messages.info(request, text % {"n": kept})


def _page_after(request: HttpRequest, added: Added) -> str:
    """Return the page that prints the new codes; the list to those who may not print them."""
    if not request.user.has_perm("orders.change_qrcode"):
        return list_url(QrCode)
    file = propose_file(cast(User, request.user), [code.pk for code in added.codes])
    return reverse("staff:print_file", args=[file.pk])
