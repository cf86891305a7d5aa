from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from orders.colours import DEFAULT_ACCENT, text_on
from orders.languages import in_either
from orders.models.picture import Picture
from orders.models.seller import Seller
from orders.models.terminal import Terminal
from orders.validators import (
    validate_accent,
    validate_currency,
    validate_service_id,
    validate_slug_is_free,
)

MAX_TIP_CHOICES = 4  # buttons beside each other on a phone
INSTANT_CHECKOUT_KEY_LENGTH = 32
MAX_TIP_PERCENTAGE = 100  # of the goods; what is above is a mistake in typing


class Shop(models.Model):
    """A shop: one SEQR service ID, four page URLs, a menu and branding of its own.

    `seller` sells, and `terminal`, one of the seller's, issues the invoices of new orders. A
    `paused` shop takes no orders until `paused_until`, or until its staff open it, whatever its
    opening hours; the pause note may say why. New products start with `default_vat_rate`, in
    percent. The kitchen board marks an order that has waited for the kitchen's minutes. A shop that
    `asks_dining` lets the customer choose between eating here and taking away. `tip_percentages`
    are the tips that the page offers, in percent; without any, the shop takes no tip.
    """

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(
        _("web address"),
        unique=True,
        validators=[validate_slug_is_free],
        help_text=_("First part of the four page addresses, such as /slug/order."),
        error_messages={"unique": _("Another shop has this web address.")},
    )
    service_id = models.CharField(
        _("SEQR service ID"),
        max_length=24,
        unique=True,
        validators=[validate_service_id],
        help_text=_("Agreed with SEQR and printed in the QR codes."),
        error_messages={"unique": _("Another shop has this service ID.")},
    )
    seller = models.ForeignKey(
        Seller, models.PROTECT, related_name="shops", verbose_name=_("seller")
    )
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="shops", verbose_name=_("terminal")
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="SEK", validators=[validate_currency]
    )
    default_vat_rate = models.DecimalField(
        _("VAT rate of new products (%)"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(12),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(99))],
        help_text=_("12 for food; each product may have another rate."),
    )
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default=DEFAULT_ACCENT,
        validators=[validate_accent],
        help_text=_("For the page header and buttons. White text must be legible on it."),
    )
    logo = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("logo")
    )
    paused = models.BooleanField(_("paused"), default=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, editable=False)
    pause_note_sv = models.CharField(
        _("note in Swedish"),
        max_length=120,
        blank=True,
        default="",
        help_text=_("Shown to customers while the shop is paused, such as when it opens again."),
    )
    pause_note_en = models.CharField(_("note in English"), max_length=120, blank=True, default="")
    kitchen_amber_minutes = models.PositiveSmallIntegerField(
        _("amber after (minutes)"),
        default=8,
        validators=[MinValueValidator(1)],
        help_text=_("From the payment until the order is served, on the kitchen board."),
    )
    kitchen_red_minutes = models.PositiveSmallIntegerField(_("red after (minutes)"), default=15)
    asks_dining = models.BooleanField(
        _("ask whether to eat here or take away"),
        default=False,
        help_text=_("Each product may have another VAT rate to take away."),
    )
    tip_percentages = ArrayField(
        models.PositiveSmallIntegerField(
            validators=[MinValueValidator(1), MaxValueValidator(MAX_TIP_PERCENTAGE)]
        ),
        verbose_name=_("tip offered (%)"),
        size=MAX_TIP_CHOICES,
        blank=True,
        default=list,
        help_text=_("For example 5, 10. Leave empty if the shop takes no tips."),
    )

    # The secret in the address of Instant Checkout; empty until a product is sold by it.
    instant_checkout_key = models.CharField(
        max_length=INSTANT_CHECKOUT_KEY_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        permissions = [("pause_shop", gettext_noop("Can pause and open a shop"))]
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(accent__regex="^#[0-9a-f]{6}$"), name="service_accent_is_hex"
            ),
            models.CheckConstraint(
                condition=models.Q(default_vat_rate__gte=0, default_vat_rate__lt=100),
                name="shop_default_vat_rate_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(kitchen_red_minutes__gt=models.F("kitchen_amber_minutes")),
                name="shop_kitchen_red_after_amber",
                violation_error_message=_("Red must come after amber."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def on_accent(self) -> str:
        """The colour of text on the accent: black or white, by the higher contrast."""
        return text_on(self.accent)

    def is_paused(self, now: datetime) -> bool:
        """Return whether the staff have paused the shop; a timed pause ends by itself."""
        return self.paused and (self.paused_until is None or now < self.paused_until)

    def pause_note_in(self, language: str) -> str:
        """Return the note in Swedish for "sv", else in English, or in the language it has."""
        return in_either(self.pause_note_sv, self.pause_note_en, language)
