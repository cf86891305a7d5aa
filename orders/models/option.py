from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from orders.languages import Named, current_language
from orders.models.food import Allergen, DeclaresAllergens, Diet, marks_of
from orders.models.shop import Shop


class OptionGroup(Named, models.Model):
    """A choice that a shop offers with some of its products, such as the milk of its coffees.

    The customer chooses at least `minimum` and at most `maximum` of the group's options, each once:
    1 and 1 is one of them, 0 and 3 is up to three. Many products may offer the same group. A group
    without options on sale is not shown.
    """

    shop = models.ForeignKey(
        Shop, models.CASCADE, related_name="option_groups", verbose_name=_("shop")
    )
    name_sv = models.CharField(_("name in Swedish"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=40)
    minimum = models.PositiveSmallIntegerField(
        _("at least"), default=0, help_text=_("0 if the customer may leave it out.")
    )
    maximum = models.PositiveSmallIntegerField(
        _("at most"), default=1, validators=[MinValueValidator(1)]
    )
    position = models.PositiveSmallIntegerField(_("position on the page"), default=0)

    class Meta:
        verbose_name = _("option group")
        verbose_name_plural = _("option groups")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(maximum__gte=1) & models.Q(maximum__gte=models.F("minimum")),
                name="option_group_maximum_not_below_minimum",
                violation_error_message=_("“At most” must not be below “at least”."),
            ),
        ]

    def __str__(self) -> str:
        return self.name_in(current_language())


class Option(Named, DeclaresAllergens, models.Model):
    """One option of a group, such as oat milk. Its price is added to the product's, VAT included.

    The price may be 0. An option that is `sold_out` is listed and cannot be chosen; one that is not
    `on_sale` is not listed. An option is taxed like the product that it is chosen with. Its
    allergens come on top of the product's; `unsuitable_for` are diets whose mark the product loses.
    """

    group = models.ForeignKey(
        OptionGroup, models.CASCADE, related_name="options", verbose_name=_("option group")
    )
    name_sv = models.CharField(_("name in Swedish"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=40)
    price = models.DecimalField(
        _("price including VAT"),
        max_digits=10,
        decimal_places=2,
        default=Decimal("0.00"),
        validators=[MinValueValidator(Decimal(0))],
    )
    position = models.PositiveSmallIntegerField(_("position on the page"), default=0)
    on_sale = models.BooleanField(_("on sale"), default=True)
    sold_out = models.BooleanField(_("sold out"), default=False)
    unsuitable_for = marks_of(Diet, _("not suitable for"))

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        permissions = [
            ("sell_out_option", gettext_noop("Can mark an option as sold out or back in stock"))
        ]
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price__gte=0), name="option_price_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(contains__contained_by=Allergen.values)
                & models.Q(may_contain__contained_by=Allergen.values)
                & models.Q(unsuitable_for__contained_by=Diet.values),
                name="option_marks_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name_in(current_language())
