"""The categories and products on a shop's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm, NumberInput, Select, TextInput, TypedChoiceField
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from orders.models import Category, Product, Shop
from seqrshop.backoffice.current_price import CurrentPriceForm
from seqrshop.backoffice.formatting import availability
from seqrshop.backoffice.picture_field import thumbnail
from seqrshop.backoffice.scoped_admin import OwnRowsFormSet, ShopScopedInline

SELECTED = SafeString(" selected")
NARROW_NAMES = {
    "name_sv": TextInput(attrs={"size": 18}),
    "name_en": TextInput(attrs={"size": 18}),
}


class CategoryForm(ModelForm[Category]):
    """A heading on the order page."""

    class Meta:
        model = Category
        fields = ("position", "name_sv", "name_en")
        widgets = NARROW_NAMES


class CategoryInline(ShopScopedInline[Category, Shop]):
    """The headings on the order page; the products of a deleted one stay without."""

    model = Category
    form = CategoryForm
    extra = 0


class ProductForm(CurrentPriceForm[Product]):
    """A product, in fields narrow enough for one row of a screen."""

    class Meta:
        model = Product
        fields = (
            "on_sale",
            "position",
            "category",
            "name_sv",
            "name_en",
            "price",
            "vat_rate",
            "unit",
            "sku",
        )
        widgets = NARROW_NAMES | {
            "price": NumberInput(attrs={"class": "vIntegerField"}),
            "vat_rate": NumberInput(attrs={"class": "vIntegerField"}),
            "unit": TextInput(attrs={"size": 4}),
            "sku": TextInput(attrs={"size": 10}),
        }


class QuickSelect(Select):
    """A select rendered without a template per option, as a thousand products have ten each."""

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """Return the field as HTML."""
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((each, SELECTED if each == chosen else "", label) for each, label in self.choices),
        )
        field_attrs = flatatt({**self.attrs, **(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", field_attrs, options)


class ProductFormSet(OwnRowsFormSet[Product, Shop]):
    """The products of a shop: a thousand of them are read, validated and saved in seconds.

    Reads the shop's categories once, and validates changed rows only.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        categories = Category.objects.filter(shop_id=self.instance.pk)
        self._categories = {str(category.pk): category for category in categories}

    def add_fields(self, form: ModelForm[Product], index: int | None) -> None:
        """Offer the shop's own categories, and its VAT rate for a new product."""
        form.fields["vat_rate"].initial = self.instance.default_vat_rate
        form.empty_permitted = True  # an unchanged row is not validated
        form.fields["category"] = TypedChoiceField(
            label=form.fields["category"].label,
            choices=[("", "–"), *self._categories.items()],
            coerce=self._category,
            empty_value=None,
            required=False,
            widget=QuickSelect,
        )
        super().add_fields(form, index)

    def _category(self, value: object) -> Category:
        category = self._categories.get(str(value))
        if category is None:
            raise ValueError(f"no category of this shop: {value!r}")
        return category


class ProductInline(ShopScopedInline[Product, Shop]):
    """The shop's products. A product is never deleted, since orders refer to it: take it off sale.

    A picture is uploaded on the product's own page, since a thousand file fields are too many for
    one form. Availability is read-only here, so that a page left open since the morning does not
    put back a product that has sold out since.
    """

    model = Product
    form = ProductForm
    formset = ProductFormSet
    fields = ("thumbnail", "availability", *ProductForm.Meta.fields)
    readonly_fields = ("thumbnail", "availability")
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Read each product with its picture, without the picture's content."""
        queryset = super().get_queryset(request)
        return queryset.select_related("picture").defer("picture__content")

    @admin.display(description=_("picture"))
    def thumbnail(self, product: Product) -> str:
        """Return the picture, without a description beside the name."""
        return thumbnail(product.picture, "")

    @admin.display(description=_("availability"))
    def availability(self, product: Product) -> str:
        """Return whether the product can be ordered."""
        return availability(product)
