import secrets
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from orders.last_characters import LastCharacters
from orders.models import AuditedModel, AuditSubject, OrderRow, SubjectType
from payments.models.invoice import SEARCHED_REFERENCE_END, Invoice


class RefundStatus(models.TextChoices):
    """The status of a refund."""

    REQUESTED = "REQUESTED", _("awaiting approval")
    CREATED = "CREATED", _("to be sent")
    SENDING = "SENDING", _("being sent")
    REFUNDED = "REFUNDED", _("refunded")
    REJECTED = "REJECTED", _("refused by SEQR")
    WITHDRAWN = "WITHDRAWN", _("withdrawn")
    UNKNOWN = "UNKNOWN", _("unknown outcome")


class RefundReason(models.TextChoices):
    """Why staff refund a payment. OTHER needs a text of its own."""

    SOLD_OUT = "sold_out", _("Sold out")
    WRONG_ITEM = "wrong_item", _("Wrong item served")
    NOT_GOOD = "not_good", _("Something was wrong with it")
    TOO_LATE = "too_late", _("Took too long")
    CHANGED_MIND = "changed_mind", _("The customer changed their mind")
    PAID_TWICE = "paid_twice", _("Paid twice")
    OTHER = "other", _("Other reason")


class ApprovalReason(models.TextChoices):
    """Why a refund needs the approval of a second person."""

    PAYMENT_LIMIT = (
        "payment_limit",
        _("this payment's refunds exceed the limit for one person"),
    )
    DAILY_LIMIT = "daily_limit", _("the person's refunds today exceed the daily limit")


class WithdrawalReason(models.TextChoices):
    """Why a refund was withdrawn before it was sent."""

    STAFF = "staff", _("withdrawn by staff")
    DECLINED = "declined", _("declined by a colleague")
    NOT_PAID = "not_paid", _("the payment is no longer paid")
    EXCEEDS_PAYMENT = "exceeds_payment", _("the refunds would exceed the paid amount")


# The amount was refunded, may have been, or is about to be.
RESERVING_REFUND_STATUSES = tuple(
    status
    for status in RefundStatus
    if status not in (RefundStatus.REJECTED, RefundStatus.WITHDRAWN)
)
# SEQR was called, or is being called: the amount was refunded, or may have been.
SENT_REFUND_STATUSES = (RefundStatus.SENDING, RefundStatus.UNKNOWN, RefundStatus.REFUNDED)
UNSENT_REFUND_STATUSES = (RefundStatus.REQUESTED, RefundStatus.CREATED)
# The amount may still be refunded without another request.
UNRESOLVED_REFUND_STATUSES = tuple(
    status for status in RESERVING_REFUND_STATUSES if status != RefundStatus.REFUNDED
)


def _nonce() -> str:
    return secrets.token_urlsafe(16)


class Refund(AuditedModel):
    """A refund of a payment. `amount` is in major units, in the invoice's currency.

    Only `payments.refund_transitions` writes `status`. `nonce` identifies the form that requested
    it, so that two clicks make one refund. `sent_until` is set if the database has lost the time of
    sending, and only knows that it was between `sent_at` and then.
    """

    customer_visible_fields = frozenset({"status"})  # a later refund leaves the order's state

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="refunds")
    nonce = models.CharField(max_length=40, unique=True, default=_nonce, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=RefundStatus.choices, default=RefundStatus.CREATED
    )
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    reason_code = models.CharField(
        _("reason"), max_length=16, choices=RefundReason.choices, default=RefundReason.OTHER
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    approval_reason = models.CharField(
        _("reason for approval"), max_length=16, choices=ApprovalReason.choices, blank=True
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    created_at = models.DateTimeField(_("requested"), db_default=Now())
    withdrawal_reason = models.CharField(
        _("reason for withdrawal"), max_length=16, choices=WithdrawalReason.choices, blank=True
    )
    lease_until = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True)
    sent_until = models.DateTimeField(null=True, editable=False)
    ers_reference = models.CharField(_("refund reference"), max_length=64, null=True)
    refunded_at = models.DateTimeField(_("refunded"), null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("outcome recorded by"),
    )
    resolution_reason = models.CharField(_("basis for the outcome"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        permissions = [
            ("request_refund", gettext_noop("Can refund a payment")),
            ("approve_refund", gettext_noop("Can approve a large refund")),
            ("resolve_unknown_refund", gettext_noop("Can record the outcome of an unknown refund")),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=UNRESOLVED_REFUND_STATUSES),
                name="refund_unresolved",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=(RefundStatus.REJECTED, RefundStatus.WITHDRAWN)),
                name="refund_not_made",
            ),
            models.Index(
                fields=["ers_reference"],
                condition=models.Q(ers_reference__isnull=False),
                name="refund_by_reference",
            ),
            models.Index(
                fields=["sent_at"],
                condition=models.Q(sent_at__isnull=False),
                name="refund_by_sending",
            ),
            models.Index(
                LastCharacters("ers_reference", SEARCHED_REFERENCE_END),
                condition=models.Q(ers_reference__isnull=False),
                name="refund_by_reference_end",
            ),
            models.Index(fields=["requested_by", "created_at"], name="refund_of_person_by_day"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=RefundStatus.values), name="refund_status_known"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=models.Q(reason_code__in=RefundReason.values),
                name="refund_reason_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason_code=RefundReason.OTHER, reason=""),
                name="refund_has_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None)
                | ~models.Q(approved_by=models.F("requested_by")),
                name="refund_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=(RefundStatus.CREATED, RefundStatus.SENDING))
                | models.Q(approval_reason="")
                | models.Q(approved_by__isnull=False),
                name="refund_sent_only_with_needed_approval",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=RefundStatus.WITHDRAWN)
                | ~models.Q(withdrawal_reason=""),
                name="refund_withdrawn_with_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=RefundStatus.REFUNDED)
                | models.Q(ers_reference__isnull=False)
                | models.Q(resolved_by__isnull=False),
                name="refund_refunded_has_reference_or_resolver",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Refund %(number)s") % {"number": self.pk}

    @property
    def reason_text(self) -> str:
        """The reason from the list in the reader's language, and the text that staff added."""
        label = str(RefundReason(self.reason_code).label)
        if self.reason_code == RefundReason.OTHER:
            return self.reason
        return f"{label}: {self.reason}" if self.reason else label

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.REFUND, self.pk, str(self.pk), self.invoice.order_id)

    @property
    def published_order_id(self) -> UUID:
        return self.invoice.order.public_id


class RefundRow(models.Model):
    """The units of one order row that a refund pays back.

    `amount` is the refunded part of the row in major units, less the row's part of the discounts.
    It may be 0.00 for a unit that costs less than half an öre after a discount.
    """

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="rows")
    order_row = models.ForeignKey(OrderRow, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)

    class Meta:
        verbose_name = _("refunded row")
        verbose_name_plural = _("refunded rows")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["refund", "order_row"], name="refund_row_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="refund_row_quantity"),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="refund_row_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_row_id}"
