"""The groups of options, each with the products that offer it, and the options of all groups."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import (
    CheckboxSelectMultiple,
    ModelForm,
    ModelMultipleChoiceField,
    NumberInput,
    TextInput,
    ValidationError,
)
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.languages import current_language
from orders.models import Allergen, Diet, Option, OptionGroup, Product
from seqrshop.backoffice.bulk.of_menu import (
    BRING_BACK_OPTIONS,
    SELL_OUT_OPTION_PERMISSION,
    SELL_OUT_OPTIONS,
)
from seqrshop.backoffice.current_price import CurrentPriceForm
from seqrshop.backoffice.food_fields import ALLERGEN_FIELDS, declared_allergens, marks_field
from seqrshop.backoffice.formatting import availability, money
from seqrshop.backoffice.links import page_url
from seqrshop.backoffice.permissions import permission_check
from seqrshop.backoffice.planned_prices import OptionPricesInline, PlannedPricesAdmin
from seqrshop.backoffice.scoped_admin import (
    OwnRowsFilter,
    OwnRowsFormSet,
    ShopScopedAdmin,
    ShopScopedInline,
)
from seqrshop.backoffice.sell_out import SellOutAdmin

FOOD_FIELDS = (*ALLERGEN_FIELDS, "unsuitable_for")
RULES = ("name_sv", "name_en", "minimum", "maximum", "position")


class OptionForm(CurrentPriceForm[Option]):
    """An option, in fields narrow enough for one row of a screen."""

    class Meta:
        model = Option
        fields = ("on_sale", "position", "name_sv", "name_en", "price")
        widgets = {
            "name_sv": TextInput(attrs={"size": 18}),
            "name_en": TextInput(attrs={"size": 18}),
            "price": NumberInput(attrs={"class": "vIntegerField"}),
        }


class OptionPageForm(OptionForm):
    """An option with the allergens that it adds to a product."""

    contains = marks_field(_("contains"), Allergen)
    may_contain = marks_field(_("may contain"), Allergen)
    unsuitable_for = marks_field(_("not suitable for"), Diet)

    class Meta(OptionForm.Meta):
        fields = (*OptionForm.Meta.fields, *FOOD_FIELDS)  # type: ignore[assignment]


class OptionFormSet(OwnRowsFormSet[Option, OptionGroup]):
    """The options of a group: at least as many on sale as a customer must choose."""

    def clean(self) -> None:
        """Refuse a group that no customer could choose from."""
        super().clean()
        on_sale = sum(
            bool(form.cleaned_data.get("name_sv")) and form.cleaned_data["on_sale"]
            for form in self.forms
            if form.is_valid()
        )
        needed = self.instance.minimum or 0
        if 0 < on_sale < needed:
            raise ValidationError(
                ngettext(
                    "A customer must choose %(n)d option, and fewer are on sale.",
                    "A customer must choose %(n)d options, and fewer are on sale.",
                    needed,
                )
                % {"n": needed}
            )


class OptionInline(ShopScopedInline[Option, OptionGroup]):
    """The options of a group. One that was ordered is never deleted: take it off sale.

    Availability is read-only here, so that a page left open since the morning does not put back an
    option that has sold out since.
    """

    model = Option
    form = OptionForm
    formset = OptionFormSet
    fields = ("availability", *OptionForm.Meta.fields)
    readonly_fields = ("availability",)
    extra = 1
    can_delete = False
    show_change_link = True

    @admin.display(description=_("availability"))
    def availability(self, option: Option) -> str:
        """Return whether the option can be chosen."""
        return availability(option)


class OptionGroupForm(ModelForm[OptionGroup]):
    """A group, and the products of its shop that offer it."""

    products = ModelMultipleChoiceField(
        queryset=Product.objects.none(),
        required=False,
        widget=CheckboxSelectMultiple,
        label=capfirst(_("offered with")),
    )

    class Meta:
        model = OptionGroup
        fields = ("shop", *RULES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None and "products" in self.fields:
            own: Any = self.fields["products"]
            own.queryset = Product.objects.filter(shop=self.instance.shop)
            self.initial["products"] = self.instance.products.all()

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        if "products" in self.cleaned_data:
            self.instance.products.set(self.cleaned_data["products"])


@admin.register(OptionGroup)
class OptionGroupAdmin(ShopScopedAdmin[OptionGroup]):
    """Option groups: added for a shop, then offered with any of its products."""

    form = OptionGroupForm
    list_display = ("name", "options", "number_of_products", "shop")
    list_filter = (("shop", OwnRowsFilter),)
    list_select_related = ("shop",)
    search_fields = ("name_sv", "name_en")
    ordering = ("shop", "position", "id")
    inlines = (OptionInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OptionGroup]:
        """Read each group with its options, and count the products that offer it."""
        queryset = super().get_queryset(request)
        return queryset.annotate(product_count=Count("products")).prefetch_related("options")

    def get_fields(self, request: HttpRequest, obj: OptionGroup | None = None) -> Any:
        """Ask for the shop of a new group; then for the products of that shop."""
        if obj is None:
            return ("shop", *RULES)
        may_change = self.has_change_permission(request, obj)
        return ("shop", *RULES, "products" if may_change else "offered_with")

    def get_readonly_fields(self, request: HttpRequest, obj: OptionGroup | None = None) -> Any:
        """Keep a group at its shop."""
        return () if obj is None else ("shop", "offered_with")

    def response_add(
        self, request: HttpRequest, obj: OptionGroup, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Continue with the products that offer the new group."""
        super().response_add(request, obj, post_url_continue)  # shows the message
        return HttpResponseRedirect(page_url(obj))

    @admin.display(description=_("name"), ordering="name_sv")
    def name(self, group: OptionGroup) -> str:
        """Return the name in the language of the staff."""
        return group.name_in(current_language())

    @admin.display(description=_("options"))
    def options(self, group: OptionGroup) -> str:
        """Return the names of the options."""
        language = current_language()
        return ", ".join(option.name_in(language) for option in group.options.all())

    @admin.display(description=_("products"), ordering="product_count")
    def number_of_products(self, group: Any) -> int:
        """Return how many products offer the group."""
        count: int = group.product_count
        return count

    @admin.display(description=_("offered with"))
    def offered_with(self, group: OptionGroup) -> str:
        """Return the names of the products that offer the group."""
        language = current_language()
        return ", ".join(product.name_in(language) for product in group.products.all())


@admin.register(Option)
class OptionAdmin(PlannedPricesAdmin, SellOutAdmin[Option]):
    """Options of all groups: found by name, marked as sold out; added on their group's page."""

    form = OptionPageForm
    list_display = (
        "name",
        "availability",
        "price_with_currency",
        "allergens",
        "group",
        "shop",
        "on_sale",
    )
    list_filter = ("sold_out", "on_sale", ("group__shop", OwnRowsFilter))
    list_select_related = ("group__shop",)
    search_fields = ("name_sv", "name_en")
    ordering = ("group__shop", "group", "position", "id")
    readonly_fields = ("group", "availability")
    inlines = (OptionPricesInline,)
    fieldsets = (
        (None, {"fields": (*readonly_fields, *OptionForm.Meta.fields)}),
        (_("Allergens and diets"), {"fields": FOOD_FIELDS}),
    )

    sell_out_action = SELL_OUT_OPTIONS
    bring_back_action = BRING_BACK_OPTIONS
    has_sell_out_permission = permission_check(SELL_OUT_OPTION_PERMISSION)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse everybody; an option is added on its group's page."""
        return False

    @admin.display(description=_("price"), ordering="price")
    def price_with_currency(self, option: Option) -> str:
        """Return the price with its currency."""
        return money(option.price, option.group.shop.currency)

    @admin.display(description=_("allergens"))
    def allergens(self, option: Option) -> str:
        """Return what the option is declared to contain."""
        return declared_allergens(option)

    @admin.display(description=_("shop"), ordering="group__shop")
    def shop(self, option: Option) -> str:
        """Return the shop of the option's group."""
        return option.group.shop.name
