"""An admin of terminals and sellers, with nothing but their texts and passwords.

For tests that need the password fields and none of the back office around them; ROOT_URLCONF.
"""

from django.contrib import admin
from django.db.models import Model
from django.urls import include, path, reverse

from orders.models import Seller, Terminal
from seqrshop.backoffice.password_field import PasswordField, StoredPasswordsForm


class SellerForm(StoredPasswordsForm[Seller]):
    """A seller with the password of its reseller account."""

    reseller_password = PasswordField(label="password")

    class Meta:
        model = Seller
        fields = ("legal_name", "organisation_number", "reseller_id", "reseller_user_id")


class TerminalForm(StoredPasswordsForm[Terminal]):
    """A terminal with its password."""

    password = PasswordField(label="password")

    class Meta:
        model = Terminal
        fields = ("seller", "principal_id", "label")


class SellerAdmin(admin.ModelAdmin[Seller]):
    """Sellers."""

    form = SellerForm


class TerminalAdmin(admin.ModelAdmin[Terminal]):
    """Terminals."""

    form = TerminalForm


site = admin.AdminSite("passwords")
site.register(Seller, SellerAdmin)
site.register(Terminal, TerminalAdmin)
urlpatterns = [path("passwords/", site.urls), path("", include("seqrshop.urls"))]


def password_page(row: Model) -> str:
    """Return the address of a row's page in this admin."""
    name = f"passwords:orders_{row._meta.model_name}"
    return reverse(f"{name}_change", args=[row.pk]) if row.pk else reverse(f"{name}_add")
