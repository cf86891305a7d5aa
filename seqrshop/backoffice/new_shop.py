"""The form that adds a shop: what is needed, and nothing else."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.db.models import QuerySet
from django.forms import CharField, ModelChoiceField, ModelForm
from django.utils.html import format_html
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext_lazy as _

from orders.models import Seller, Shop, Terminal
from seqrshop.backoffice.links import admin_url, page_url

NEW_SHOP_FIELDS = (
    "name",
    "service_id",
    "slug",
    "seller",
    "terminal",
    "default_vat_rate",
    "copy_menu_of",
)
MAX_SLUG_LENGTH = 50
POPUP = f"{TO_FIELD_VAR}=id&{IS_POPUP_VAR}=1"


class NewShopForm(ModelForm[Shop]):
    """A new shop. What only somebody else can give is checked, and the field says who."""

    slug = CharField(
        label=capfirst(_("web address")),
        max_length=MAX_SLUG_LENGTH,
        required=False,
        help_text=_("First part of the four page addresses. Made from the name if left empty."),
    )
    copy_menu_of = ModelChoiceField(
        Shop.objects.all(),
        label=_("Copy the menu of"),
        required=False,
        help_text=_("Categories and products, with their pictures, prices and VAT rates."),
    )

    class Meta:
        model = Shop
        fields = ("name", "service_id", "slug", "seller", "terminal", "default_vat_rate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        terminals = Terminal.objects.filter(retired_at=None).select_related("seller")
        field: Any = self.fields["terminal"]
        field.queryset = terminals
        field.choices = [("", "---------"), *_by_seller(terminals)]
        for name in ("seller", "terminal"):
            widget: Any = self.fields[name].widget
            widget.can_change_related = False  # the link of an error does that, where needed
            widget.can_delete_related = False
        only = terminals.first() if len(terminals) == 1 else None
        if only is not None and Seller.objects.count() == 1:
            self.initial.setdefault("terminal", only.pk)
            self.initial.setdefault("seller", only.seller_id)

    def clean_service_id(self) -> str:
        """Write the ID in capital letters, as the printed codes have it."""
        return in_capitals(self.cleaned_data["service_id"])

    def clean_slug(self) -> str:
        """Make the web address from the name if none was typed."""
        slug: str = self.cleaned_data["slug"]
        return slug or slugify(self.cleaned_data.get("name", ""))[:MAX_SLUG_LENGTH].strip("-")

    def clean(self) -> dict[str, Any]:
        """Require a complete seller, and one of its terminals."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("slug") and "slug" not in self.errors and cleaned.get("name"):
            self.add_error("slug", _("The name has no letters for a web address: enter one."))
        seller = cleaned.get("seller")
        if seller is not None:
            self._check_seller(seller)
            self._check_terminal(seller, cleaned.get("terminal"))
        if copied := cleaned.get("copy_menu_of"):
            self.instance.currency = copied.currency  # the prices are in it
        return cleaned

    def _check_seller(self, seller: Seller) -> None:
        if not seller.legal_name or not seller.organisation_number:
            text = _("The seller lacks its name or organisation number. Complete it first:")
            address = f"{page_url(seller)}?{POPUP}"
            self.add_error("seller", _with_popup("seller", text, address, seller))

    def _check_terminal(self, seller: Seller, terminal: Terminal | None) -> None:
        if terminal is not None and terminal.seller_id != seller.pk:
            belongs = _("This terminal belongs to another seller, %(seller)s.")
            self.add_error("terminal", belongs % {"seller": terminal.seller})
        elif not seller.terminals.filter(retired_at=None).exists():
            self.errors.pop("terminal", None)  # “required” does not help here
            text = _("This seller has no terminal yet.")
            address = f"{admin_url(Terminal, 'add')}?seller={seller.pk}&{POPUP}"
            self.add_error("terminal", _with_popup("terminal", text, address, _("Add a terminal")))


def in_capitals(service_id: str) -> str:
    """Return a service ID in capital letters; one with other letters is left to be refused."""
    return service_id.upper() if service_id.isascii() else service_id


def _by_seller(terminals: QuerySet[Terminal]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return the choices of terminals, in a group for each seller."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for terminal in sorted(terminals, key=lambda each: (str(each.seller), str(each))):
        groups.setdefault(str(terminal.seller), []).append((terminal.pk, str(terminal)))
    return list(groups.items())


def _with_popup(field: str, text: object, address: str, name: object) -> str:
    """Return a text with a link that opens a popup, so that what was typed stays.

    The admin's own script opens it, and puts what is saved there into the field that the link's id
    names.
    """
    return format_html(
        '{} <a class="related-widget-wrapper-link" data-popup="yes" id="change_id_{}" '
        'href="{}">{}</a>',
        text,
        field,
        address,
        name,
    )
