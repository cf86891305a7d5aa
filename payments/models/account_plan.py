from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Seller

validate_account = RegexValidator(r"\A[1-8][0-9]{3}\Z", _("An account has four digits, 1000–8999."))
validate_series = RegexValidator(
    r"\A[A-Za-z0-9]*\Z", _("A series has letters A to Z and digits only.")
)


class AccountPlan(models.Model):
    """The accounts on which a seller's takings are booked. The defaults are those of BAS.

    `series` is the voucher series in a SIE file; an empty one is chosen by the program that imports
    it. `first_month` is the month in which the financial year begins.
    """

    seller = models.OneToOneField(
        Seller, models.CASCADE, related_name="account_plan", verbose_name=_("seller")
    )
    receivable_account = models.CharField(
        _("owed by SEQR"),
        max_length=4,
        default="1580",
        validators=[validate_account],
        help_text=_("What SEQR owes for the payments until it has paid them out."),
    )
    tips_account = models.CharField(
        _("tips"),
        max_length=4,
        default="2890",
        validators=[validate_account],
        help_text=_("Tips belong to the staff: a debt until they are paid out."),
    )
    rounding_account = models.CharField(
        _("rounding"),
        max_length=4,
        default="3740",
        validators=[validate_account],
        help_text=_("A difference of less than 1.00 between a day's sums."),
    )
    series = models.CharField(
        _("voucher series"),
        max_length=10,
        blank=True,
        default="",
        validators=[validate_series],
        help_text=_("Empty: the accounting program chooses the series."),
    )
    first_month = models.PositiveSmallIntegerField(
        _("first month of the financial year"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("1 for January to 12 for December."),
    )

    class Meta:
        verbose_name = _("account plan")
        verbose_name_plural = _("account plans")
        default_permissions = ("change", "view")
        ordering = ["seller__legal_name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_month__gte=1, first_month__lte=12),
                name="account_plan_first_month",
            )
        ]

    def __str__(self) -> str:
        return gettext("Account plan of %(seller)s") % {"seller": self.seller}


class VatAccounts(models.Model):
    """The accounts of what is sold at one VAT rate, in per cent.

    Refunds are booked on the account of the sales unless they have one of their own. A rate of 0
    has no account for the VAT.
    """

    plan = models.ForeignKey(AccountPlan, models.CASCADE, related_name="rates")
    vat_rate = models.DecimalField(
        _("VAT rate (%)"),
        max_digits=4,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(99))],
    )
    sales_account = models.CharField(_("sales"), max_length=4, validators=[validate_account])
    vat_account = models.CharField(
        _("output VAT"), max_length=4, blank=True, default="", validators=[validate_account]
    )
    refund_account = models.CharField(
        _("refunds"),
        max_length=4,
        blank=True,
        default="",
        validators=[validate_account],
        help_text=_("Empty: the account of the sales."),
    )

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        default_permissions = ()
        ordering = ["-vat_rate"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "vat_rate"],
                name="vat_accounts_once_per_rate",
                violation_error_message=_("This VAT rate has its accounts already."),
            ),
            models.CheckConstraint(
                condition=models.Q(vat_rate=0) | ~models.Q(vat_account=""),
                name="vat_accounts_complete",
                violation_error_message=_("Give the account of the output VAT."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vat_rate} %"

    def clean(self) -> None:
        """Require the account of the VAT, beside its field."""
        if self.vat_rate and not self.vat_account:
            raise ValidationError({"vat_account": _("Give the account of the output VAT.")})
