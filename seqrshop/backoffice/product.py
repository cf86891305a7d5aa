from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple, Textarea
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.models import Allergen, Category, Diet, OptionGroup, Product
from orders.pictures import make_large_product_picture, make_product_picture, save_once
from orders.services.instant_checkout import ensure_key
from seqrshop.backoffice.bulk.of_menu import BRING_BACK_IN_STOCK, SELL_OUT, SELL_OUT_PERMISSION
from seqrshop.backoffice.current_price import CurrentPriceForm
from seqrshop.backoffice.food_fields import ALLERGEN_FIELDS, marks_field
from seqrshop.backoffice.formatting import EMPTY_VALUE, money
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.picture_field import PictureField, thumbnail
from seqrshop.backoffice.planned_prices import PlannedPricesAdmin, ProductPricesInline
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.sell_out import SellOutAdmin

MENU_FIELDS = (
    "on_sale",
    "category",
    "position",
    "name_sv",
    "name_en",
    "price",
    "vat_rate",
    "take_away_vat_rate",
    "unit",
    "sku",
)
PICTURE_FIELDS = ("picture", "picture_alt_sv", "picture_alt_en")
DESCRIPTION_FIELDS = ("description_sv", "description_en", "ingredients_sv", "ingredients_en")
FOOD_FIELDS = (*ALLERGEN_FIELDS, "diets")


class ProductPageForm(CurrentPriceForm[Product]):
    """A product with its picture and the picture's description."""

    picture = PictureField(
        make_product_picture,
        label=_("picture"),
        help_text=_("JPEG, PNG or WebP. The square in the middle is shown."),
    )

    contains = marks_field(_("contains"), Allergen)
    may_contain = marks_field(_("may contain"), Allergen)
    diets = marks_field(_("suitable for"), Diet)

    class Meta:
        model = Product
        fields = (
            *MENU_FIELDS,
            *PICTURE_FIELDS,
            *DESCRIPTION_FIELDS,
            *FOOD_FIELDS,
            "option_groups",
            "instant_checkout",
        )
        widgets = {
            "option_groups": CheckboxSelectMultiple(),
            **{name: Textarea(attrs={"rows": 3}) for name in DESCRIPTION_FIELDS},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["picture"] = self.instance.picture
        if "category" in self.fields:  # a user who may only view has no fields
            own = Category.objects.filter(shop=self.instance.shop)
            self.fields["category"].queryset = own  # type: ignore[attr-defined]
        if "option_groups" in self.fields:
            groups: Any = self.fields["option_groups"]
            groups.queryset = OptionGroup.objects.filter(shop=self.instance.shop)
            groups.widget.can_add_related = False  # a group has a page of its own

    def clean(self) -> dict[str, Any]:
        """Require a picture's description in both languages."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("picture") is not None:
            for name in ("picture_alt_sv", "picture_alt_en"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Describe the picture for those who cannot see it."))
        return cleaned

    def save(self, commit: bool = True) -> Product:
        """Save the pictures before the product that refers to them."""
        self.instance.picture = save_once(self.instance.picture)
        if "picture" in self.changed_data:
            uploaded = self.files.get(self.add_prefix("picture"))
            large = make_large_product_picture(uploaded) if uploaded else None
            self.instance.large_picture = save_once(large)
        return super().save(commit)


@admin.register(Product)
class ProductAdmin(PlannedPricesAdmin, SellOutAdmin[Product]):
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
    readonly_fields = ("shop", "availability", "instant_checkout_code")
    inlines = (ProductPricesInline,)
    fieldsets = (
        (None, {"fields": ("shop", "availability", *MENU_FIELDS)}),
        (_("Options"), {"fields": ("option_groups",)}),
        (_("Instant Checkout"), {"fields": ("instant_checkout", "instant_checkout_code")}),
        (_("Picture"), {"fields": PICTURE_FIELDS}),
        (_("Description"), {"fields": DESCRIPTION_FIELDS}),
        (_("Allergens and diets"), {"fields": FOOD_FIELDS}),
    )

    sell_out_action = SELL_OUT
    bring_back_action = BRING_BACK_IN_STOCK
    has_sell_out_permission = permission_check(SELL_OUT_PERMISSION)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Read each product with its shop, category and picture, without the picture's content."""
        queryset = super().get_queryset(request)
        return queryset.select_related("shop", "category", "picture").defer("picture__content")

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Save the product, and give its shop the secret that Instant Checkout needs."""
        super().save_model(request, obj, form, change)
        if obj.instant_checkout:
            ensure_key(obj.shop)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse everybody; a product is added on its shop's page."""
        return False

    @admin.display(description=_("SEQR's purchaseToken"))
    def instant_checkout_code(self, product: Product) -> str:
        """Return the text by which the product's own code names it."""
        return product.purchase_token if product.instant_checkout else EMPTY_VALUE

    @admin.display(description=_("picture"))
    def small_picture(self, product: Product) -> str:
        """Return the picture, without a description beside the name."""
        return thumbnail(product.picture, "")

    @admin.display(description=_("price"), ordering="price")
    def price_with_currency(self, product: Product) -> str:
        """Return the price with its currency."""
        return money(product.price, product.shop.currency)
