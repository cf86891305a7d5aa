from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from payments.models.invoice import Invoice
from payments.models.refund import Refund
from payments.models.transaction_period import TransactionPeriod


class CaseKind(models.TextChoices):
    """What can be wrong about money, so that a person has to look."""

    PAID_THOUGH_CANCELED = "paid_though_canceled", _("paid although a cancel was wanted")
    SECOND_PAYMENT = "second_payment", _("a second payment of one order")
    AMOUNT_DIFFERS = "amount_differs", _("another amount was paid")
    POSSIBLY_REVERSED = "possibly_reversed", _("the payment was possibly reversed")
    PAID_WITHOUT_REFERENCE = "paid_without_reference", _("paid without a reference")
    CONFIGURATION = "configuration", _("SEQR refuses our settings")
    UNKNOWN_AT_SEQR = "unknown_at_seqr", _("SEQR does not know the invoice")
    REFUND_UNKNOWN = "refund_unknown", _("a refund whose outcome is unknown")
    REFUND_STUCK = "refund_stuck", _("a refund that SEQR does not take")
    UNKNOWN_STATUS = "unknown_status", _("a status that we do not know")
    LOST_PERIOD = "lost_period", _("a transaction period whose id is lost")
    REPORT_DIFFERS = "report_differs", _("SEQR's report differs from our books")
    RECONCILIATION_STUCK = "reconciliation_stuck", _("SEQR's report cannot be had")


class MoneyCase(models.Model):
    """Something about money that a person has to look at, told once, until closed with a reason.

    `key` names what it is about: of one kind there is one open case for each key.
    """

    kind = models.CharField(_("kind"), max_length=24, choices=CaseKind.choices)
    key = models.CharField(max_length=40)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="cases")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="cases")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="cases")
    period = models.ForeignKey(TransactionPeriod, models.PROTECT, null=True, related_name="cases")
    what = models.CharField(_("what happened"), max_length=300)
    opened_at = models.DateTimeField(_("opened"), db_default=Now())
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closing_reason = models.CharField(_("closed because"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-id"]
        permissions = [("close_moneycase", "Can close a case")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=models.Q(closed_at=None),
                name="case_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=CaseKind.values), name="case_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closing_reason="")
                | (models.Q(closed_at__isnull=False) & ~models.Q(closing_reason="")),
                name="case_closed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}: {self.get_kind_display()}"


class OutboxMail(models.Model):
    """A mail that is to be sent, written in the transaction of what it tells."""

    case = models.ForeignKey(MoneyCase, models.PROTECT, related_name="mails")
    recipient = models.EmailField()
    created_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(sent_at=None), name="mail_to_send")
        ]

    def __str__(self) -> str:
        return f"mail {self.pk} about {self.case_id}"
