from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from orders.models.picture import Picture
from orders.models.shop import Shop


class Category(models.Model):
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
        return self.name_sv

    def name_in(self, language: str) -> str:
        """Return the name in Swedish for "sv", else in English."""
        return self.name_sv if language == "sv" else self.name_en


class Product(models.Model):
    """A product on a shop's menu. The price includes VAT, in the shop's currency.

    A product that is `sold_out` is listed and cannot be ordered; one that is not `on_sale` is not
    listed.
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
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(99))],
    )
    unit = models.CharField(_("unit"), max_length=10, default="st")
    sku = models.CharField(_("article number"), max_length=40, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position on the page"), default=0)
    on_sale = models.BooleanField(_("on sale"), default=True)
    sold_out = models.BooleanField(_("sold out"), default=False)
    picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    picture_alt_sv = models.CharField(
        _("picture description in Swedish"), max_length=120, blank=True, default=""
    )
    picture_alt_en = models.CharField(
        _("picture description in English"), max_length=120, blank=True, default=""
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
                condition=models.Q(picture=None)
                | ~models.Q(picture_alt_sv="") & ~models.Q(picture_alt_en=""),
                name="product_picture_is_told",
                violation_error_message=_("Describe the picture in both languages."),
            ),
        ]

    def __str__(self) -> str:
        return self.name_sv

    def clean(self) -> None:
        """Raise ValidationError if the category belongs to another shop."""
        if self.category is not None and self.category.shop_id != self.shop_id:
            raise ValidationError({"category": _("This category belongs to another shop.")})

    def name_in(self, language: str) -> str:
        """Return the name in Swedish for "sv", else in English."""
        return self.name_sv if language == "sv" else self.name_en

    def picture_alt_in(self, language: str) -> str:
        """Return the picture's description in Swedish for "sv", else in English."""
        return self.picture_alt_sv if language == "sv" else self.picture_alt_en
