import secrets
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Mod, Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from orders.last_characters import LastCharacters
from orders.models import AuditedModel, AuditSubject, Order, Shop, SubjectType, Terminal
from payments.models.poll_shard import BUCKET_COUNT


class InvoiceStatus(models.TextChoices):
    """The status of an invoice. In capitals, as SEQR writes its own statuses."""

    CREATED = "CREATED", _("created")
    SENDING = "SENDING", _("being sent")
    ISSUED = "ISSUED", _("issued")
    PENDING_ISSUER_ACKNOWLEDGE = "PENDING_ISSUER_ACKNOWLEDGE", _("awaiting our acknowledgement")
    RESERVED = "RESERVED", _("reserved")
    PARTIALLY_PAID = "PARTIALLY_PAID", _("partially paid")
    NEEDS_ATTENTION = "NEEDS_ATTENTION", _("needs attention")
    CANCEL_PENDING = "CANCEL_PENDING", _("cancel pending")
    PAID = "PAID", _("paid")
    DUPLICATE = "DUPLICATE", _("duplicate payment")
    CANCELED = "CANCELED", _("cancelled")
    FAILED = "FAILED", _("failed")
    EXPIRED = "EXPIRED", _("timed out")


class CancelReason(models.TextChoices):
    """Why an invoice is to be cancelled."""

    CUSTOMER = "customer", _("cancelled by the customer")
    STAFF = "staff", _("cancelled by staff")
    LIFETIME = "lifetime", _("the payment timed out")
    SUPERSEDED = "superseded", _("another payment paid the order")
    CASE_CLOSED = "case_closed", _("its case was closed by staff")


class LoyaltyAnswer(models.IntegerChoices):
    """Our answer to the loyalty cards of an invoice, as SEQR numbers it."""

    USED = 1, _("recognised")
    INVALID = 99, _("unknown card")


UNPAID_FINAL_STATUSES = (InvoiceStatus.CANCELED, InvoiceStatus.FAILED, InvoiceStatus.EXPIRED)
# SEQR holds the customer's money for the shop: the payment of the order, or a duplicate of it.
CAPTURED_STATUSES = (InvoiceStatus.PAID, InvoiceStatus.DUPLICATE)
OPEN_STATUSES = tuple(
    status for status in InvoiceStatus if status not in (*UNPAID_FINAL_STATUSES, *CAPTURED_STATUSES)
)
# Open, and known to SEQR if they have a reference: the poller queries their status.
POLLED_STATUSES = tuple(
    status
    for status in OPEN_STATUSES
    if status not in (InvoiceStatus.CREATED, InvoiceStatus.SENDING)
)
# Open at SEQR, or paid there and not yet acknowledged.
_OPEN_AT_SEQR = models.Q(
    models.Q(status__in=POLLED_STATUSES)
    | models.Q(status=InvoiceStatus.PAID, acknowledged_at__isnull=True),
    invoice_reference__isnull=False,
)

# If SEQR's amount differs from the invoice's, a person decides before there is a receipt.
HAS_RECEIPT = models.Q(status=InvoiceStatus.PAID) & (
    models.Q(paid_amount=None, discount_unconfirmed=False)
    | models.Q(paid_amount=models.F("amount"), paid_currency=models.F("currency"))
)
MAX_RECEIPT_REFUSALS = 5  # over minutes: SEQR may be slow to find its own payment
# A receipt that SEQR has refused so often is not submitted again.
RECEIPT_PENDING = HAS_RECEIPT & models.Q(
    receipt_accepted_at=None, receipt_refusals__lt=MAX_RECEIPT_REFUSALS
)

# The fields that a customer's page shows or depends on.
CUSTOMER_VISIBLE_FIELDS = (
    "status",
    "invoice_reference",
    "amount",
    "discount_unconfirmed",
    "cancel_reason",
    "ers_reference",
    "paid_amount",
    "paid_currency",
    "partially_paid",
    "possibly_reversed",
)


def _notify_key() -> str:
    return secrets.token_urlsafe(24)


SEARCHED_REFERENCE_END = 8
"""The last characters of a reference by which the staff find a payment."""


class Invoice(AuditedModel):
    """One attempt to get an order paid. `amount` is in major units, `currency` ISO 4217.

    `amount` is the order's total less the invoice's discounts. `terminal` issues it, and only that
    terminal can query, cancel or refund it. Only `payments.invoices.transitions` writes `status`.
    """

    customer_visible_fields = frozenset(CUSTOMER_VISIBLE_FIELDS)

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="invoices", verbose_name=_("order")
    )
    # The order's, repeated here so that an index finds the invoices of a shop.
    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="invoices", verbose_name=_("shop"), db_index=False
    )
    terminal = models.ForeignKey(
        Terminal,
        models.PROTECT,
        related_name="invoices",
        verbose_name=_("terminal"),
        db_index=False,
    )
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    status = models.CharField(
        _("status"), max_length=26, choices=InvoiceStatus.choices, default=InvoiceStatus.CREATED
    )
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    # Sending
    lease_until = models.DateTimeField(null=True, editable=False)
    invoice_reference = models.CharField(_("invoice reference"), max_length=64, null=True)
    invoice_qr_code = models.CharField(max_length=200, blank=True, default="")
    issued_at = models.DateTimeField(_("issued"), null=True)

    # Querying
    invoice_version = models.IntegerField(_("version at SEQR"), default=0)
    # The poller finds its invoices by it. NULL for an invoice that is not to be queried.
    poll_bucket = models.GeneratedField(
        expression=models.Case(models.When(_OPEN_AT_SEQR, then=Mod("id", BUCKET_COUNT))),
        output_field=models.PositiveSmallIntegerField(null=True),
        db_persist=True,
        null=True,
    )
    notify_key = models.CharField(max_length=32, default=_notify_key, editable=False)
    notified_at = models.DateTimeField(_("notified by SEQR"), null=True)
    # Queried after the invoice ended, with no answer written yet: SEQR may have a payment of it.
    late_query_pending_since = models.DateTimeField(null=True, editable=False)

    # The customer's loyalty card, whose number is not stored. A discount is unconfirmed until SEQR
    # has accepted it: it is saved here before SEQR is called.
    loyalty_answer = models.PositiveSmallIntegerField(
        _("loyalty card"), choices=LoyaltyAnswer.choices, null=True
    )
    loyalty_scheme = models.CharField(_("loyalty scheme"), max_length=64, blank=True, default="")
    discount_unconfirmed = models.BooleanField(_("discount unconfirmed"), default=False)

    # Capturing a reserved amount
    capture_lease_until = models.DateTimeField(null=True, editable=False)

    # Cancelling
    cancel_reason = models.CharField(
        _("reason for cancelling"), max_length=12, choices=CancelReason.choices, blank=True
    )
    cancel_requested_at = models.DateTimeField(null=True, editable=False)
    cancel_lease_until = models.DateTimeField(null=True, editable=False)
    # SEQR first refused to cancel a superseded invoice since it is paid; or staff have ended the
    # invoice, of which SEQR has a payment that is not recorded here.
    refused_as_paid_at = models.DateTimeField(null=True, editable=False)

    # Paid, in full or in part
    partially_paid = models.BooleanField(_("partially paid"), default=False)
    ers_reference = models.CharField(_("payment reference"), max_length=64, null=True)
    payment_reference = models.CharField(max_length=64, blank=True, default="")
    paid_at = models.DateTimeField(_("paid"), null=True)
    paid_at_seqr = models.DateTimeField(null=True, editable=False)  # by SEQR's clock
    paid_amount = models.DecimalField(
        _("amount in SEQR's receipt"), max_digits=17, decimal_places=2, null=True
    )
    paid_currency = models.CharField(max_length=3, blank=True, default="")
    acknowledged_at = models.DateTimeField(_("acknowledged to SEQR"), null=True)
    possibly_reversed = models.BooleanField(_("possible reversal"), default=False)

    # The receipt for SEQR
    receipt_attempts = models.PositiveIntegerField(default=0, editable=False)
    receipt_refusals = models.PositiveSmallIntegerField(default=0, editable=False)
    receipt_lease_until = models.DateTimeField(null=True, editable=False)
    receipt_accepted_at = models.DateTimeField(_("receipt accepted by SEQR"), null=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        permissions = [
            ("check_invoice", gettext_noop("Can check a payment with SEQR")),
            ("cancel_invoice", gettext_noop("Can cancel a payment at SEQR")),
            ("capture_invoice", gettext_noop("Can capture a reserved amount")),
        ]
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=OPEN_STATUSES),
                name="invoice_open",
            ),
            models.Index(
                fields=["poll_bucket"],
                condition=models.Q(poll_bucket__isnull=False),
                name="invoice_by_poll_bucket",
            ),
            models.Index(fields=["id"], condition=RECEIPT_PENDING, name="invoice_receipt_pending"),
            models.Index(
                fields=["id"],
                condition=models.Q(late_query_pending_since__isnull=False),
                name="invoice_answer_awaited",
            ),
            models.Index(
                fields=["paid_at"],
                condition=models.Q(status=InvoiceStatus.PAID),
                name="invoice_by_payment",
            ),
            models.Index(
                fields=["terminal", "paid_at"],
                condition=models.Q(status__in=CAPTURED_STATUSES),
                name="invoice_captured",
            ),
            models.Index(fields=["terminal", "shop"], name="invoice_of_terminal"),
            # For the staff's lists. Open invoices have invoice_open.
            models.Index(fields=["shop", "id"], name="invoice_of_shop"),
            models.Index(
                fields=["status", "id"],
                condition=~models.Q(status__in=OPEN_STATUSES),
                name="invoice_ended",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(possibly_reversed=True),
                name="invoice_possibly_reversed",
            ),
            BrinIndex(fields=["created_at"], name="invoice_by_day"),
            # For the staff's search.
            models.Index(
                LastCharacters("invoice_reference", SEARCHED_REFERENCE_END),
                name="invoice_by_reference_end",
            ),
            models.Index(
                LastCharacters("ers_reference", SEARCHED_REFERENCE_END), name="invoice_by_ers_end"
            ),
        ]
        constraints = [
            # As constraints and not as unique fields, which would have a second index for LIKE.
            models.UniqueConstraint(fields=["invoice_reference"], name="invoice_reference_once"),
            models.UniqueConstraint(fields=["ers_reference"], name="invoice_ers_reference_once"),
            models.UniqueConstraint(fields=["notify_key"], name="invoice_notify_key_once"),
            models.UniqueConstraint(fields=["order", "attempt"], name="invoice_attempt_once"),
            models.UniqueConstraint(
                fields=["order"],
                condition=models.Q(status__in=OPEN_STATUSES),
                name="invoice_open_once_per_order",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=models.Q(status=InvoiceStatus.PAID),
                name="invoice_paid_once_per_order",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=InvoiceStatus.values), name="invoice_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="invoice_amount_positive"
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=CAPTURED_STATUSES)
                | models.Q(ers_reference__isnull=False, paid_at__isnull=False),
                name="invoice_paid_has_ers_reference",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=InvoiceStatus.ISSUED)
                | models.Q(invoice_reference__isnull=False),
                name="invoice_issued_has_reference",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=InvoiceStatus.CANCEL_PENDING)
                | ~models.Q(cancel_reason=""),
                name="invoice_cancel_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Payment %(number)s") % {"number": self.client_invoice_id}

    @property
    def client_invoice_id(self) -> str:
        """Our number of the invoice: the order's number and the attempt."""
        return f"{self.order.number}-{self.attempt}"

    @property
    def is_open(self) -> bool:
        """Whether the invoice has not ended, so that the customer may still pay it."""
        return self.status in OPEN_STATUSES

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.INVOICE, self.pk, self.client_invoice_id, self.order_id)

    @property
    def published_order_id(self) -> UUID:
        return self.order.public_id
