from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.validators import validate_currency, validate_service_id, validate_slug_is_free


class Service(models.Model):
    """A shop as SEQR knows it: one service ID, four URLs, a range of products."""

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(
        _("slug"),
        unique=True,
        validators=[validate_slug_is_free],
        help_text=_("The first part of the four addresses: /slug/order and so on."),
    )
    service_id = models.CharField(
        _("SEQR service ID"),
        max_length=24,
        unique=True,
        validators=[validate_service_id],
        help_text=_("Agreed with SEQR; it stands in the printed codes."),
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="SEK", validators=[validate_currency]
    )

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something a service sells. The price includes VAT, in the service's currency."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="products")
    name_sv = models.CharField(_("name in Swedish"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    price = models.DecimalField(
        _("price, VAT included"),
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    vat_rate = models.DecimalField(
        _("VAT rate, per cent"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(25),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(99))],
    )
    unit = models.CharField(_("unit"), max_length=10, default="st")
    sku = models.CharField(_("article number"), max_length=40, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position on the page"), default=0)
    on_sale = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(price__gt=0), name="product_price_positive"),
            models.CheckConstraint(
                condition=models.Q(vat_rate__gte=0, vat_rate__lt=100), name="product_vat_rate_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.name_sv

    def name_in(self, language: str) -> str:
        """Return the name in Swedish for "sv", else in English."""
        return self.name_sv if language == "sv" else self.name_en


class QrCode(models.Model):
    """A printed code of a service at one place, as it was last made."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="qr_codes")
    placement = models.CharField(
        _("placement"), max_length=60, help_text=_("Where it hangs, for people: “Table 4”.")
    )
    parameters = models.CharField(
        _("parameters"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("What the code tells the order page, such as TABLE=4."),
    )
    payload = models.CharField(_("payload"), max_length=50, editable=False)
    svg = models.TextField(_("SVG"), editable=False)
    png = models.BinaryField(_("PNG"))
    made_at = models.DateTimeField(_("made"), db_default=Now(), editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("made by"),
    )

    class Meta:
        verbose_name = _("QR code")
        verbose_name_plural = _("QR codes")
        ordering = ["service", "placement"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "parameters"],
                name="qr_code_once_per_placement",
                violation_error_message=_("This service has a code with these parameters."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.placement}"
