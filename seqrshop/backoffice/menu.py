"""What stands on the page of a shop below its own fields: hours, categories, products."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import NumberInput, Select, TextInput, TimeInput, TypedChoiceField
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from orders.models import Category, OpeningHours, Product, Shop
from seqrshop.backoffice.formatting import stock
from seqrshop.backoffice.picture import thumbnail
from seqrshop.backoffice.typed import BaseInlineFormSet, ModelForm, TabularInline

SELECTED = SafeString(" selected")
NARROW_NAMES = {
    "name_sv": TextInput(attrs={"size": 18}),
    "name_en": TextInput(attrs={"size": 18}),
}


class OpeningHoursForm(ModelForm[OpeningHours]):
    """From when to when on a weekday, in the browser's own fields for a time."""

    class Meta:
        model = OpeningHours
        fields = ("weekday", "opens", "closes")
        widgets = {
            "opens": TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "closes": TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }


class OpeningHoursInline(TabularInline[OpeningHours, Shop]):
    """When orders are taken. Without any, always."""

    model = OpeningHours
    form = OpeningHoursForm
    extra = 0
    verbose_name_plural = _(
        "opening hours (none: always open; closes before it opens: on the next day)"
    )


class CategoryForm(ModelForm[Category]):
    """A heading on the page."""

    class Meta:
        model = Category
        fields = ("position", "name_sv", "name_en")
        widgets = NARROW_NAMES


class CategoryInline(TabularInline[Category, Shop]):
    """The headings on the page. A deleted one leaves its products without."""

    model = Category
    form = CategoryForm
    extra = 0


class ProductForm(ModelForm[Product]):
    """A product, in fields so narrow that a whole row of them fits a screen."""

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
    """A choice written without a template for each option: a thousand products have ten each."""

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


class ProductFormSet(BaseInlineFormSet[Product, Shop, ModelForm[Product]]):
    """The rows of a shop's products: a thousand of them are read, checked and saved in seconds.

    Its categories are read once and not once for each, and what is as it was is not checked again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        categories = Category.objects.filter(shop_id=self.instance.pk)
        self._categories = {str(category.pk): category for category in categories}

    def add_fields(self, form: ModelForm[Product], index: int | None) -> None:
        """Let a row choose among the shop's own categories."""
        super().add_fields(form, index)
        form.empty_permitted = True  # and so unchecked where nothing has changed
        form.fields["category"] = TypedChoiceField(
            label=form.fields["category"].label,
            choices=[("", "–"), *self._categories.items()],
            coerce=self._category,
            empty_value=None,
            required=False,
            widget=QuickSelect,
        )

    def _category(self, value: object) -> Category:
        category = self._categories.get(str(value))
        if category is None:
            raise ValueError(f"no category of this service: {value!r}")
        return category


class ProductInline(TabularInline[Product, Shop]):
    """What the shop sells. A product that was ever sold stays: take it off sale instead.

    A picture is uploaded on the product's own page: a thousand fields for a file each would be
    more than a browser should send. Whether it is sold out is seen here only, so that a page left
    open since the morning does not put back what has sold out since.
    """

    model = Product
    form = ProductForm
    formset = ProductFormSet
    fields = ("thumbnail", "stock", *ProductForm.Meta.fields)
    readonly_fields = ("thumbnail", "stock")
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Read the pictures along, but for their content."""
        queryset = super().get_queryset(request)
        return queryset.select_related("picture").defer("picture__content")

    @admin.display(description=_("picture"))
    def thumbnail(self, product: Product) -> str:
        """The picture, small; who does not see it reads the name beside it."""
        return thumbnail(product.picture, "")

    @admin.display(description=_("stock"))
    def stock(self, product: Product) -> str:
        """Whether it is sold out."""
        return stock(product)
