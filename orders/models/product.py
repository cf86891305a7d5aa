from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from orders.languages import Named, current_language
from orders.models.food import Allergen, DeclaresAllergens, Diet, excluded_diets, marks_of
from orders.models.option import OptionGroup
from orders.models.picture import Picture
from orders.models.shop import Shop

PRODUCT_CODE_PREFIX = "P"
_VAT_RATE_LIMITS = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(99))]


class Dining(models.TextChoices):
    """Where an order is eaten, at a shop that asks for it: the two may differ in VAT."""

    EAT_HERE = "eat_here", _("Eat here")
    TAKE_AWAY = "take_away", _("Take away")


class Category(Named, models.Model):
    """A heading on a shop's menu. Deleting it keeps its products, without a heading."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="categories")
    name_sv = models.CharField(_("name in Swedish"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=40)
    position = models.PositiveSmallIntegerField(_("position on the page"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name_in(current_language())


class Product(Named, DeclaresAllergens, models.Model):
    """A product on a shop's menu. The price includes VAT, in the shop's currency.

    A product that is `sold_out` is listed and cannot be ordered; one that is not `on_sale` is not
    listed. `instant_checkout` sells it by a code of its own too. `take_away_vat_rate` is the VAT
    rate of an order to take away, where it is another one; the price stays the same. The allergens
    are the product's own, without those of its options.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="products", verbose_name=_("shop"))
    category = models.ForeignKey(
        Category,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("category"),
    )
    name_sv = models.CharField(_("name in Swedish"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    price = models.DecimalField(
        _("price including VAT"),
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    vat_rate = models.DecimalField(
        _("VAT rate (%)"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(25),
        validators=_VAT_RATE_LIMITS,
    )
    take_away_vat_rate = models.DecimalField(
        _("VAT rate to take away (%)"),
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=_VAT_RATE_LIMITS,
        help_text=_("Leave empty if it is the same. Used only where the shop asks."),
    )
    unit = models.CharField(_("unit"), max_length=10, default="st")
    sku = models.CharField(_("article number"), max_length=40, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position on the page"), default=0)
    on_sale = models.BooleanField(_("on sale"), default=True)
    sold_out = models.BooleanField(_("sold out"), default=False)
    instant_checkout = models.BooleanField(
        _("sold by Instant Checkout"),
        db_default=False,
        default=False,
        help_text=_("Customers buy it by the product's own code. The shop's addresses show it."),
    )
    picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    picture_alt_sv = models.CharField(
        _("picture description in Swedish"), max_length=120, blank=True, default=""
    )
    picture_alt_en = models.CharField(
        _("picture description in English"), max_length=120, blank=True, default=""
    )

    large_picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    description_sv = models.CharField(
        _("description in Swedish"), max_length=400, blank=True, default=""
    )
    description_en = models.CharField(
        _("description in English"), max_length=400, blank=True, default=""
    )
    ingredients_sv = models.CharField(
        _("ingredients in Swedish"), max_length=600, blank=True, default=""
    )
    ingredients_en = models.CharField(
        _("ingredients in English"), max_length=600, blank=True, default=""
    )
    diets = marks_of(Diet, _("suitable for"))
    option_groups = models.ManyToManyField(
        OptionGroup, blank=True, related_name="products", verbose_name=_("option groups")
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        permissions = [
            ("sell_out_product", gettext_noop("Can mark a product as sold out or back in stock"))
        ]
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(price__gt=0), name="product_price_positive"),
            models.CheckConstraint(
                condition=models.Q(vat_rate__gte=0, vat_rate__lt=100), name="product_vat_rate_sane"
            ),
            models.CheckConstraint(
                condition=models.Q(take_away_vat_rate=None)
                | models.Q(take_away_vat_rate__gte=0, take_away_vat_rate__lt=100),
                name="product_take_away_vat_rate_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(contains__contained_by=Allergen.values)
                & models.Q(may_contain__contained_by=Allergen.values)
                & models.Q(diets__contained_by=Diet.values),
                name="product_marks_known",
            ),
            models.CheckConstraint(
                condition=models.Q(picture=None)
                | ~models.Q(picture_alt_sv="") & ~models.Q(picture_alt_en=""),
                name="product_picture_is_told",
                violation_error_message=_("Describe the picture in both languages."),
            ),
        ]

    def __str__(self) -> str:
        return self.name_in(current_language())

    def clean(self) -> None:
        """Raise ValidationError for a category of another shop, or marks that contradict."""
        if self.category is not None and self.category.shop_id != self.shop_id:
            raise ValidationError({"category": _("This category belongs to another shop.")})
        super().clean()
        if excluded_diets(self.contains) & set(self.diets):
            raise ValidationError({"diets": _("This mark does not fit what the product contains.")})

    @property
    def purchase_token(self) -> str:
        """The text by which the product's own code names it, SEQR's purchaseToken."""
        return f"{PRODUCT_CODE_PREFIX}{self.pk}"

    def picture_alt_in(self, language: str) -> str:
        """Return the picture's description in Swedish for "sv", else in English."""
        return self.picture_alt_sv if language == "sv" else self.picture_alt_en

    def description_in(self, language: str) -> str:
        """Return the description in Swedish for "sv", else in English."""
        return self.description_sv if language == "sv" else self.description_en

    def ingredients_in(self, language: str) -> str:
        """Return the ingredients in Swedish for "sv", else in English."""
        return self.ingredients_sv if language == "sv" else self.ingredients_en

    def vat_rate_for(self, dining: str) -> Decimal:
        """Return the VAT rate of an order with this dining; `dining` may be empty."""
        if dining == Dining.TAKE_AWAY and self.take_away_vat_rate is not None:
            return self.take_away_vat_rate
        return self.vat_rate
