"""Sellers: the companies on the receipts, each with its reseller account at SEQR."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from orders.models import Seller, Shop, Terminal
from payments.credential_check import CredentialCheck, check_reseller
from payments.models import AccountPlan
from seqrshop.backoffice.credentials_form import CredentialsAdmin, CredentialsForm
from seqrshop.backoffice.formatting import EMPTY_VALUE
from seqrshop.backoffice.links import link, list_and_add_links
from seqrshop.backoffice.password_field import PasswordField
from seqrshop.backoffice.seller_details import missing_text

ACCOUNT_FIELDS = ("reseller_user_id", "reseller_password")


class SellerForm(CredentialsForm[Seller]):
    """A seller. The reseller account stays the same: its periods and reports depend on it."""

    id_field = "reseller_id"
    password_field = "reseller_password"  # noqa: S105 - the name of a field

    reseller_password = PasswordField(label=_("password of the reseller account"))

    class Meta:
        model = Seller
        fields = (
            "legal_name",
            "organisation_number",
            "vat_number",
            "street",
            "postal_code",
            "city",
            "reseller_id",
            "reseller_user_id",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if _is_of_settings(self.instance):
            del self.fields["reseller_password"]

    def clean_organisation_number(self) -> str:
        """Write the number with its hyphen."""
        number: str = self.cleaned_data["organisation_number"]
        return f"{number[:6]}-{number[6:]}" if len(number) == 10 else number

    def clean_vat_number(self) -> str:
        """Write the number in capital letters."""
        number: str = self.cleaned_data["vat_number"]
        return number.upper()

    def has_new_credentials(self) -> bool:
        """Return whether the account is new, or its user or password has changed."""
        return self.instance.pk is None or any(name in self.changed_data for name in ACCOUNT_FIELDS)

    def check_with_seqr(self, source: ChangeSource) -> CredentialCheck:
        """Return SEQR's answer about the reseller account."""
        password = self.cleaned_data["reseller_password"] or self.instance.reseller_password
        seller = self.instance
        return check_reseller(seller.reseller_id, seller.reseller_user_id, password, source)


@admin.register(Seller)
class SellerAdmin(CredentialsAdmin[Seller]):
    """Sellers: the company, its address, its account at SEQR, its terminals and shops."""

    form = SellerForm
    list_display = ("__str__", "organisation_number", "reseller_id", "shop_names")
    search_fields = ("legal_name", "organisation_number", "reseller_id")
    readonly_fields = ("account_source", "terminals", "shop_names")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seller]:
        """Read each seller with its shops and terminals."""
        return super().get_queryset(request).prefetch_related("shops", "terminals")

    def get_readonly_fields(self, request: HttpRequest, obj: Seller | None = None) -> Any:
        """Keep the reseller ID once saved, and the whole account where the settings have it."""
        if obj is None:
            return self.readonly_fields
        fixed = ("reseller_id", "reseller_user_id") if _is_of_settings(obj) else ("reseller_id",)
        return (*fixed, *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Seller | None = None) -> Any:
        """Show the password's field, or that the settings have the password."""
        address = {"fields": ("street", "postal_code", "city")}
        account: dict[str, Any] = {
            "fields": ("reseller_id", "reseller_user_id", "reseller_password"),
            "description": _("SEQR gave you these. They are checked with SEQR when you save."),
        }
        if obj is not None and _is_of_settings(obj):
            account = {"fields": ("reseller_id", "reseller_user_id", "account_source")}
        return (
            (
                None,
                {
                    "fields": ("legal_name", "organisation_number", "vat_number"),
                    "description": "" if obj is None else missing_text(obj),
                },
            ),
            (_("Address"), address),
            (_("Reseller account at SEQR"), account),
            *(() if obj is None else ((None, {"fields": ("terminals", "shop_names")}),)),
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Delete a seller's account plan with it; nobody deletes a plan by itself."""
        names, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return names, counts, lacking - {AccountPlan._meta.verbose_name}, protected

    @admin.display(description=_("password of the reseller account"))
    def account_source(self, seller: Seller) -> str:
        """Return where the account is changed."""
        return gettext("Set by SEQR_RESELLER_PASSWORD in the settings.")

    @admin.display(description=_("terminals"))
    def terminals(self, seller: Seller) -> str:
        """Return links to the terminals, and to the form for another."""
        number = len(seller.terminals.all())
        text = ngettext("%(n)d terminal", "%(n)d terminals", number) % {"n": number}
        return list_and_add_links(Terminal, text, "seller", seller.pk)

    @admin.display(description=_("shops"))
    def shop_names(self, seller: Seller) -> str:
        """Return the seller's shops, linked to their pages."""
        return shop_links(seller.shops.all())


def shop_links(shops: QuerySet[Shop]) -> str:
    """Return the names of shops, linked to their pages."""
    return format_html_join(", ", "{}", ((link(shop),) for shop in shops)) or EMPTY_VALUE


def _is_of_settings(seller: Seller) -> bool:
    return seller.pk is not None and seller.reseller_id == settings.SEQR_RESELLER_ID
