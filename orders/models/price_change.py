from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.models.option import Option
from orders.models.product import Product


class PriceChange(models.Model):
    """A price that a product or an option will have from a moment on, VAT included.

    It waits until `applied_at`, which is stored with the new price in one transaction, together
    with the price until then, `earlier_price`. One that waits may be deleted.
    """

    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, related_name="price_changes"
    )
    option = models.ForeignKey(
        Option, models.CASCADE, null=True, blank=True, related_name="price_changes"
    )
    price = models.DecimalField(
        _("price including VAT"),
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0))],
    )
    applies_at = models.DateTimeField(_("from"))
    made_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    applied_at = models.DateTimeField(null=True, editable=False)
    earlier_price = models.DecimalField(max_digits=10, decimal_places=2, null=True, editable=False)

    class Meta:
        verbose_name = _("planned price")
        verbose_name_plural = _("planned prices")
        ordering = ["applies_at", "id"]
        indexes = [
            models.Index(
                fields=["applies_at"], name="price_change_waits", condition=Q(applied_at=None)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(product=None, option__isnull=False, price__gte=0)
                | Q(product__isnull=False, option=None, price__gt=0),
                name="price_change_of_a_product_or_an_option",
            ),
            models.UniqueConstraint(
                fields=["product", "applies_at"],
                condition=Q(applied_at=None, product__isnull=False),
                name="price_change_once_per_product_and_time",
                violation_error_message=_("A price is planned for this time already."),
            ),
            models.UniqueConstraint(
                fields=["option", "applies_at"],
                condition=Q(applied_at=None, option__isnull=False),
                name="price_change_once_per_option_and_time",
                violation_error_message=_("A price is planned for this time already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price} ({timezone.localtime(self.applies_at):%Y-%m-%d %H:%M})"
