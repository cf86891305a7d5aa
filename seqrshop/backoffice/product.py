from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from orders.languages import current_language
from orders.models import Category, Product
from orders.pictures import make_product_picture, save_once
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_menu import BRING_BACK_IN_STOCK, SELL_OUT, SELL_OUT_PERMISSION
from seqrshop.backoffice.formatting import availability, money
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.picture_field import PictureField, thumbnail
from seqrshop.backoffice.row_actions import RowActionsAdmin
from seqrshop.backoffice.scoped_admin import OwnRowsFilter


class ProductPageForm(ModelForm[Product]):
    """A product with its picture and the picture's description."""

    picture = PictureField(
        make_product_picture,
        label=_("picture"),
        help_text=_("JPEG, PNG or WebP. The square in the middle is shown."),
    )

    class Meta:
        model = Product
        fields = (
            "on_sale",
            "category",
            "position",
            "name_sv",
            "name_en",
            "price",
            "vat_rate",
            "unit",
            "sku",
            "picture",
            "picture_alt_sv",
            "picture_alt_en",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["picture"] = self.instance.picture
        if "category" in self.fields:  # a user who may only view has no fields
            own = Category.objects.filter(shop=self.instance.shop)
            self.fields["category"].queryset = own  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Require a picture's description in both languages."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("picture") is not None:
            for name in ("picture_alt_sv", "picture_alt_en"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Describe the picture for those who cannot see it."))
        return cleaned

    def save(self, commit: bool = True) -> Product:
        """Save the picture before the product that refers to it."""
        self.instance.picture = save_once(self.instance.picture)
        return super().save(commit)


@admin.register(Product)
class ProductAdmin(RowActionsAdmin[Product]):
    """Products: found by name, marked as sold out; added on their shop's page.

    Staff at the counter mark products as sold out on a phone: in the list, or by a button.
    """

    form = ProductPageForm
    list_display = (
        "small_picture",
        "name",
        "availability",
        "price_with_currency",
        "category",
        "shop",
        "on_sale",
    )
    list_display_links = ("small_picture", "name")
    list_filter = ("sold_out", "on_sale", ("shop", OwnRowsFilter))
    search_fields = ("name_sv", "name_en", "sku")
    ordering = ("shop", "position", "id")
    actions = ("mark_sold_out", "mark_back_in_stock")
    readonly_fields = ("shop", "availability")
    fields = (*readonly_fields, *ProductPageForm.Meta.fields)

    has_sell_out_permission = permission_check(SELL_OUT_PERMISSION)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Read each product with its shop, category and picture, without the picture's content."""
        queryset = super().get_queryset(request)
        return queryset.select_related("shop", "category", "picture").defer("picture__content")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse everybody; a product is added on its shop's page."""
        return False

    def row_actions(self, product: Product) -> tuple[str, ...]:
        """Offer the action that changes something."""
        return ("mark_back_in_stock",) if product.sold_out else ("mark_sold_out",)

    @admin.display(description=_("picture"))
    def small_picture(self, product: Product) -> str:
        """Return the picture, without a description beside the name."""
        return thumbnail(product.picture, "")

    @admin.display(description=_("name"), ordering="name_sv")
    def name(self, product: Product) -> str:
        """Return the name in the language of the staff."""
        return product.name_in(current_language())

    @admin.display(description=_("availability"), ordering="sold_out")
    def availability(self, product: Product) -> str:
        """Return whether the product can be ordered."""
        return availability(product)

    @admin.display(description=_("price"), ordering="price")
    def price_with_currency(self, product: Product) -> str:
        """Return the price with its currency."""
        return money(product.price, product.shop.currency)

    @admin.action(description=_("Mark as sold out"), permissions=["sell_out"])
    def mark_sold_out(
        self, request: HttpRequest, queryset: QuerySet[Product]
    ) -> HttpResponse | None:
        """Show the chosen products as sold out."""
        return run_bulk_action(self, request, queryset, SELL_OUT)

    @admin.action(description=_("Back in stock"), permissions=["sell_out"])
    def mark_back_in_stock(
        self, request: HttpRequest, queryset: QuerySet[Product]
    ) -> HttpResponse | None:
        """Offer the chosen products again."""
        return run_bulk_action(self, request, queryset, BRING_BACK_IN_STOCK)
