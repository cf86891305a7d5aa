from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from orders.models import AuditedModel, AuditSubject, Order, SubjectType, Terminal
from payments.models.invoice import Invoice
from payments.models.refund import Refund
from payments.models.transaction_period import TransactionPeriod


class CaseKind(models.TextChoices):
    """The kinds of problems with money that need a person."""

    PAID_THOUGH_CANCELED = "paid_though_canceled", _("paid although it was being cancelled")
    DUPLICATE_PAYMENT = "duplicate_payment", _("duplicate payment of an order")
    AMOUNT_DIFFERS = "amount_differs", _("wrong amount paid")
    AMOUNT_UNKNOWN = "amount_unknown", _("paid amount unknown")
    REFERENCE_TOO_LONG = "reference_too_long", _("reference too long to be stored")
    PARTIAL_PAYMENT = "partial_payment", _("partial payment ended")
    POSSIBLY_REVERSED = "possibly_reversed", _("possible reversal")
    PAYMENT_UNCONFIRMED = "payment_unconfirmed", _("SEQR no longer confirms the payment")
    ANSWER_MISMATCH = "answer_mismatch", _("answer about another payment")
    CANCEL_STUCK = "cancel_stuck", _("payment cannot be cancelled")
    PAID_WITHOUT_REFERENCE = "paid_without_reference", _("paid without a payment reference")
    CONFIGURATION = "configuration", _("SEQR rejects our settings")
    UNKNOWN_AT_SEQR = "unknown_at_seqr", _("SEQR cannot find the payment")
    REFUND_UNKNOWN = "refund_unknown", _("refund with unknown outcome")
    REFUNDS_HELD = "refunds_held", _("refunds on hold after lost transactions")
    REFUND_STUCK = "refund_stuck", _("refund not accepted by SEQR")
    UNKNOWN_STATUS = "unknown_status", _("unknown status from SEQR")
    LOST_PERIOD = "lost_period", _("transaction period without an ID")
    REPORT_DIFFERS = "report_differs", _("SEQR's report differs from our books")
    RECONCILIATION_STUCK = "reconciliation_stuck", _("SEQR's report is unavailable")


class MoneyCase(AuditedModel):
    """A problem with money that needs a person, open until closed with a reason.

    `key` identifies the subject: there is one open case of a kind for each key. `terminal` is that
    of a case about the terminal itself; other cases have it with their invoice or period.
    """

    kind = models.CharField(_("type"), max_length=24, choices=CaseKind.choices)
    key = models.CharField(max_length=40)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="cases")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="cases")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="cases")
    period = models.ForeignKey(TransactionPeriod, models.PROTECT, null=True, related_name="cases")
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, null=True, related_name="cases", verbose_name=_("terminal")
    )
    summary = models.CharField(_("what happened"), max_length=300)
    opened_at = models.DateTimeField(_("created"), db_default=Now())
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closing_reason = models.CharField(_("reason for closing"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("payment case")
        verbose_name_plural = _("payment cases")
        ordering = ["-id"]
        permissions = [("close_moneycase", gettext_noop("Can close a payment case"))]
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
        words = {"number": self.pk, "kind": CaseKind(self.kind).label}
        return gettext("Case %(number)s: %(kind)s") % words

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.CASE, self.pk, str(self.pk), self.order_id)


class OutboxMail(models.Model):
    """A mail to be sent about a case, written in the case's own transaction."""

    case = models.ForeignKey(MoneyCase, models.PROTECT, related_name="mails")
    recipient = models.EmailField()
    created_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("email")
        verbose_name_plural = _("emails")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(sent_at=None), name="mail_to_send")
        ]

    def __str__(self) -> str:
        return f"mail {self.pk} about {self.case_id}"
