from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.models import Category, Product
from orders.pictures import keep, product_picture
from orders.services import mark_sold_out
from seqrshop.backoffice.action_results import Report
from seqrshop.backoffice.detail import DetailActionsAdmin
from seqrshop.backoffice.formatting import money, stock
from seqrshop.backoffice.picture import PictureField, thumbnail
from seqrshop.backoffice.typed import ModelForm


class ProductPageForm(ModelForm[Product]):
    """A product with its picture, and what that shows for those who do not see it."""

    picture = PictureField(
        product_picture,
        label=_("picture"),
        help_text=_("JPEG, PNG or WebP. Its middle square is shown."),
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
        if "category" in self.fields:  # who may only look has no fields
            own = Category.objects.filter(shop=self.instance.shop)
            self.fields["category"].queryset = own  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for the words that a picture needs, beside their fields."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("picture") is not None:
            for name in ("picture_alt_sv", "picture_alt_en"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Say what the picture shows, for who cannot see it."))
        return cleaned

    def save(self, commit: bool = True) -> Product:
        """Keep the picture before the product that refers to it."""
        self.instance.picture = keep(self.instance.picture)
        return super().save(commit)


@admin.register(Product)
class ProductAdmin(DetailActionsAdmin[Product]):
    """Products of all shops: found by name, sold out and back in stock; added at their shop.

    Staff at the counter mark what is sold out on a phone: from the list, or with a button here.
    """

    form = ProductPageForm
    list_display = ("small_picture", "name", "stock", "cost", "category", "shop", "on_sale")
    list_display_links = ("small_picture", "name")
    list_filter = ("sold_out", "on_sale", "shop")
    search_fields = ("name_sv", "name_en", "sku")
    ordering = ("shop", "position", "id")
    actions = ("sold_out_now", "back_in_stock")
    readonly_fields = ("shop", "stock")
    fields = (*readonly_fields, *ProductPageForm.Meta.fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Read along what a line of the list shows, but for the pictures' content."""
        queryset = super().get_queryset(request)
        return queryset.select_related("shop", "category", "picture").defer("picture__content")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A product is added on its shop's page."""
        return False

    def detail_actions(self, product: Product) -> tuple[str, ...]:
        """What changes something."""
        return ("back_in_stock",) if product.sold_out else ("sold_out_now",)

    @admin.display(description=_("picture"))
    def small_picture(self, product: Product) -> str:
        """The picture; the name beside it tells the same."""
        return thumbnail(product.picture, "")

    @admin.display(description=_("name"), ordering="name_sv")
    def name(self, product: Product) -> str:
        """The name in the language of the staff."""
        return product.name_in(get_language() or "en")

    @admin.display(description=_("stock"), ordering="sold_out")
    def stock(self, product: Product) -> str:
        """Whether it is sold out."""
        return stock(product)

    @admin.display(description=_("price"), ordering="price")
    def cost(self, product: Product) -> str:
        """The price with its currency."""
        return money(product.price, product.shop.currency)

    def has_sell_out_permission(self, request: HttpRequest) -> bool:
        """Whether this user may say what is sold out."""
        return request.user.has_perm("orders.sell_out_product")

    @admin.action(description=_("Sold out"), permissions=["sell_out"])
    def sold_out_now(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Have the chosen products shown as sold out."""
        self._mark(request, queryset, sold_out=True)

    @admin.action(description=_("Back in stock"), permissions=["sell_out"])
    def back_in_stock(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Have the chosen products sold again."""
        self._mark(request, queryset, sold_out=False)

    def _mark(self, request: HttpRequest, products: QuerySet[Product], *, sold_out: bool) -> None:
        report = Report()
        for product in products:
            outcome = _("Sold out") if sold_out else _("Back in stock")
            with transaction.atomic():
                changed = mark_sold_out(product, sold_out=sold_out)
                if changed:
                    self.log_change(request, product, str(outcome))
            if changed:
                report.add(messages.SUCCESS, outcome, product)
            else:
                report.add(messages.INFO, _("Nothing to change"), product)
        report.tell(self, request)
