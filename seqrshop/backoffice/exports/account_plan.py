"""Account plans: on which accounts a seller's takings are booked in a SIE file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm, TextInput
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.exports.account_plans import make_missing_plans, rate_text, rates_on_sale
from payments.models import AccountPlan, VatAccounts
from seqrshop.backoffice.scoped_admin import OwnRowsFormSet, ShopScopedAdmin, ShopScopedInline


class VatAccountsFormSet(OwnRowsFormSet[VatAccounts, AccountPlan]):
    """The VAT rates of a plan: all at which the seller's products are sold."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name each field by its column, which is far above it."""
        super().add_fields(form, index)
        for field in form.visible_fields():
            field.field.widget.attrs["aria-label"] = field.label

    def clean(self) -> None:
        """Refuse a plan that lacks the accounts of a rate at which something is on sale."""
        super().clean()
        if not all(form.is_valid() for form in self.forms):
            return
        given = {
            form.cleaned_data.get("vat_rate")
            for form in self.forms
            if not form.cleaned_data.get("DELETE")
        }
        missing = sorted(rates_on_sale(self.instance.seller) - given, reverse=True)
        if missing:
            sentence = gettext("Products are on sale at %(rates)s VAT. Give the accounts for it.")
            raise ValidationError(sentence % {"rates": ", ".join(map(rate_text, missing))})


class VatAccountsForm(ModelForm[VatAccounts]):
    """The accounts of a VAT rate, in fields narrow enough for one row of a screen."""

    class Meta:
        model = VatAccounts
        fields = ("vat_rate", "sales_account", "vat_account", "refund_account")
        widgets = {
            "vat_rate": TextInput(attrs={"size": 5, "inputmode": "decimal"}),
            "sales_account": TextInput(attrs={"size": 5, "inputmode": "numeric"}),
            "vat_account": TextInput(attrs={"size": 5, "inputmode": "numeric"}),
            "refund_account": TextInput(attrs={"size": 5, "inputmode": "numeric"}),
        }


class VatAccountsInline(ShopScopedInline[VatAccounts, AccountPlan]):
    """The accounts of each VAT rate."""

    model = VatAccounts
    form = VatAccountsForm
    formset = VatAccountsFormSet
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave the decision to the plan's own permission."""
        return request.user.has_perm("payments.view_accountplan")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave the decision to the plan's own permission."""
        return request.user.has_perm("payments.change_accountplan")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave the decision to the plan's own permission."""
        return request.user.has_perm("payments.change_accountplan")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave the decision to the plan's own permission."""
        return request.user.has_perm("payments.change_accountplan")


@admin.register(AccountPlan)
class AccountPlanAdmin(ShopScopedAdmin[AccountPlan]):
    """Account plans: one for each seller, made with the accounts of BAS."""

    list_display = ("seller", "receivable_account", "tips_account", "rounding_account")
    list_select_related = ("seller",)
    fields = (
        "seller",
        "receivable_account",
        "tips_account",
        "rounding_account",
        "series",
        "first_month",
    )
    readonly_fields = ("seller",)
    inlines = (VatAccountsInline,)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the plan of every seller; make those that are missing."""
        make_missing_plans()
        context = {"title": _("Account plans"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse everybody: each seller has its plan already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AccountPlan | None = None) -> bool:
        """Refuse everybody: a seller has a plan."""
        return False
