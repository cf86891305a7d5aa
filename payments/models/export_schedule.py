from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from orders.models import Seller, Shop

validate_folder = RegexValidator(
    r"\A[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\Z",
    _("A folder has letters A to Z, digits, - and _, with / between its parts."),
)


class ExportedContent(models.TextChoices):
    """What an export contains."""

    ORDERS = "orders", _("Orders")
    ROWS = "rows", _("Order rows")
    PAYMENTS = "payments", _("Payments")
    REFUNDS = "refunds", _("Refunds")
    RECEIPTS = "receipts", _("Receipts and VAT")
    CASES = "cases", _("Payment cases")
    VAT = "vat", _("VAT by rate and day")
    SIE = "sie", _("Vouchers for the accounts (SIE 4)")


class FileFormat(models.TextChoices):
    """The format of an exported table. Vouchers have a format of their own."""

    CSV = "csv", _("CSV")
    EXCEL = "xlsx", _("Excel")


class Frequency(models.TextChoices):
    """The periods of a schedule: each is exported once it is over."""

    DAILY = "daily", _("each day")
    WEEKLY = "weekly", _("each week, Monday to Sunday")
    MONTHLY = "monthly", _("each month")


class ExportSchedule(models.Model):
    """An export that is made of each period, and sent by mail or written to a folder.

    It is of the chosen shops of one seller; of all of them if none is chosen. `next_first` is the
    first day of the next period. `folder` is below EXPORT_DIR. `language` is that of the mail.
    """

    content = models.CharField(_("content"), max_length=10, choices=ExportedContent.choices)
    file_format = models.CharField(
        _("format"),
        max_length=4,
        choices=FileFormat.choices,
        default=FileFormat.CSV,
        help_text=_("Vouchers always have the format of SIE."),
    )
    frequency = models.CharField(
        _("frequency"), max_length=7, choices=Frequency.choices, default=Frequency.MONTHLY
    )
    seller = models.ForeignKey(
        Seller, models.PROTECT, related_name="export_schedules", verbose_name=_("seller")
    )
    shops = models.ManyToManyField(
        Shop,
        blank=True,
        related_name="export_schedules",
        verbose_name=_("shops"),
        help_text=_("None: all shops of the seller."),
    )
    recipient = models.EmailField(
        _("recipient"),
        blank=True,
        default="",
        help_text=_("An e-mail address; empty for an export to a folder."),
    )
    folder = models.CharField(
        _("folder"),
        max_length=100,
        blank=True,
        default="",
        validators=[validate_folder],
        help_text=_("A folder below EXPORT_DIR, such as accounts/lyktan; empty for a mail."),
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Once active again, the periods meanwhile are exported, too."),
    )
    next_first = models.DateField(_("next period begins"), editable=False)
    language = models.CharField(max_length=10, default="sv", editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("scheduled export")
        verbose_name_plural = _("scheduled exports")
        default_permissions = ("add", "change", "view")
        permissions = [("export_books", gettext_noop("Can export orders, payments and VAT"))]
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(recipient="") ^ models.Q(folder=""),
                name="export_by_mail_or_to_folder",
                violation_error_message=_("Give either a recipient or a folder."),
            ),
            models.CheckConstraint(
                condition=models.Q(content__in=ExportedContent.values),
                name="export_content_known",
            ),
            models.CheckConstraint(
                condition=models.Q(frequency__in=Frequency.values), name="export_frequency_known"
            ),
        ]

    def __str__(self) -> str:
        words = {"content": self.get_content_display(), "when": self.get_frequency_display()}
        return gettext("%(content)s, %(when)s") % words


class DeliveryStatus(models.TextChoices):
    """The status of one period's export. A failed one waits for its next attempt."""

    WAITING = "WAITING", _("waiting")
    WRITTEN = "WRITTEN", _("written")
    DELIVERED = "DELIVERED", _("delivered")


class ExportDelivery(models.Model):
    """The export of one period of a schedule, delivered once.

    `attempts` counts those who have taken it; the latest of them owns it until the lease lapses.
    `part` is the path of the complete file beside its final name, once it is WRITTEN: where there
    is no such file any more, it has got its final name.
    """

    schedule = models.ForeignKey(ExportSchedule, models.CASCADE, related_name="deliveries")
    first = models.DateField(_("from"))
    last = models.DateField(_("to"))
    status = models.CharField(
        _("status"), max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(_("next attempt"), null=True)
    part = models.CharField(max_length=200, blank=True, default="")
    last_error = models.CharField(_("latest error"), max_length=300, blank=True, default="")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        default_permissions = ()
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=~models.Q(status=DeliveryStatus.DELIVERED),
                name="delivery_to_make",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "first"], name="delivery_once_per_period"),
            models.CheckConstraint(
                condition=models.Q(status__in=DeliveryStatus.values), name="delivery_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=DeliveryStatus.WRITTEN) | ~models.Q(part=""),
                name="delivery_written_has_part",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"
