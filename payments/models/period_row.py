from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Shop
from payments.models.invoice import Invoice
from payments.models.refund import Refund
from payments.models.transaction_period import TransactionPeriod


class MatchResult(models.TextChoices):
    """What a report's row matches in our ledger."""

    SALE = "sale", _("our payment")
    REFUND = "refund", _("our refund")
    MAYBE_REFUND = "maybe_refund", _("possibly a refund with unknown outcome")
    UNKNOWN_SALE = "unknown_sale", _("unknown sale")
    UNKNOWN_REFUND = "unknown_refund", _("unknown refund")
    AMOUNT_DIFFERS = "amount_differs", _("amount differs from our books")
    REPEATED = "repeated", _("repeated row")
    MISSING = "missing", _("our payment, missing in the report")


EXPLAINED = (MatchResult.SALE, MatchResult.REFUND)
# These need a person. A refund whose outcome is unknown has a case already.
DIFFERENCES = (
    MatchResult.UNKNOWN_SALE,
    MatchResult.UNKNOWN_REFUND,
    MatchResult.AMOUNT_DIFFERS,
    MatchResult.REPEATED,
    MatchResult.MISSING,
)

CERTIFICATION_CASHIER_ID = "certification"
"""The cashier in the payments and refunds of `manage.py seqr_certify`, which are no sales."""


class PeriodRow(models.Model):
    """A row of a period's report, or, without a `position`, a payment missing from it.

    `amount` is in major units, negative for a refund; a report names no currency. `invoice` or
    `refund` is the match in our ledger, and `shop` the match's shop. `has_case`: a case has been
    opened about the row.
    """

    period = models.ForeignKey(
        TransactionPeriod,
        models.PROTECT,
        related_name="rows",
        verbose_name=_("transaction period"),
        db_index=False,
    )
    position = models.PositiveIntegerField(_("row number"), null=True)
    match_result = models.CharField(_("match"), max_length=16, choices=MatchResult.choices)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=5)
    ers_reference = models.CharField(_("payment reference"), max_length=200, blank=True)
    terminal_id = models.CharField(_("terminal"), max_length=200, blank=True)
    cashier_id = models.CharField(_("cashier"), max_length=200, blank=True)
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, related_name="period_rows", db_index=False
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, related_name="period_rows", db_index=False
    )
    shop = models.ForeignKey(
        Shop, models.PROTECT, null=True, related_name="+", editable=False, db_index=False
    )
    has_case = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("row in SEQR's report")
        verbose_name_plural = _("rows in SEQR's report")
        ordering = ["period_id", "position"]
        indexes = [
            models.Index(fields=["ers_reference"], name="period_row_by_reference"),
            models.Index(
                fields=["period", "shop"],
                condition=models.Q(shop__isnull=False),
                name="period_row_of_shop",
            ),
            # For the staff's list, which is in this order.
            models.Index(
                fields=["period", "position", "id"],
                include=["match_result"],
                name="period_row_in_order",
            ),
            models.Index(
                fields=["match_result", "period", "position", "id"],
                condition=~models.Q(match_result=MatchResult.SALE),
                name="period_row_no_sale",
            ),
            models.Index(
                fields=["period"],
                condition=~models.Q(match_result__in=EXPLAINED),
                name="period_row_unexplained",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["period", "position"], name="period_row_once"),
            # A payment or a refund is in the reports once, or missing from them once.
            models.UniqueConstraint(fields=["invoice"], name="period_row_of_a_payment_once"),
            models.UniqueConstraint(fields=["refund"], name="period_row_of_a_refund_once"),
            models.CheckConstraint(
                condition=models.Q(match_result__in=MatchResult.values),
                name="period_row_match_result_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    match_result=MatchResult.MISSING, position=None, invoice__isnull=False
                )
                | (~models.Q(match_result=MatchResult.MISSING) & models.Q(position__isnull=False)),
                name="period_row_without_position_is_missing",
            ),
        ]

    def __str__(self) -> str:
        return self.ers_reference or gettext("Row %(number)s") % {"number": self.position}
