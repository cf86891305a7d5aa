from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Seller
from payments.models.invoice import Invoice
from payments.models.refund import Refund

# PostgreSQL's advisory locks (RECEIPT_NUMBER_LOCK, ID of a seller) protect the numbers of a seller.
RECEIPT_NUMBER_LOCK = 1701


class ReceiptKind(models.TextChoices):
    """What a receipt is of. The last two are credit receipts."""

    PAYMENT = "payment", _("payment")
    REFUND = "refund", _("refund")
    REVERSAL = "reversal", _("reversal")


class Receipt(models.Model):
    """The receipt of a payment, or the credit receipt of a refund or of SEQR's reversal.

    `number` is gapless within the seller: PostgreSQL assigns it at COMMIT. `amount` is in major
    units: what SEQR's receipt says of a payment, or what a credit receipt refunds. `credited` is
    the receipt of the payment to which a credit receipt belongs. The seller's name and address are
    those of the day. A receipt is never changed or deleted.
    """

    seller = models.ForeignKey(
        Seller, models.PROTECT, related_name="receipts", verbose_name=_("seller"), db_index=False
    )
    number = models.PositiveBigIntegerField(_("receipt number"), null=True)
    kind = models.CharField(_("type"), max_length=8, choices=ReceiptKind.choices)
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, related_name="receipts", verbose_name=_("payment")
    )
    refund = models.OneToOneField(
        Refund, models.PROTECT, null=True, related_name="receipt", verbose_name=_("refund")
    )
    credited = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="credits", db_index=False
    )
    amount = models.DecimalField(_("amount"), max_digits=17, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    issued_at = models.DateTimeField(_("issued"), db_default=Now())
    legal_name = models.CharField(max_length=100)
    organisation_number = models.CharField(max_length=11)
    vat_number = models.CharField(max_length=14)
    street = models.CharField(max_length=100)
    postal_code = models.CharField(max_length=10)
    city = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["seller", "number"], name="receipt_number_once"),
            models.UniqueConstraint(
                fields=["credited"],
                condition=models.Q(kind=ReceiptKind.REVERSAL),
                name="receipt_reversed_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=ReceiptKind.PAYMENT, refund=None, credited=None)
                | models.Q(kind=ReceiptKind.REFUND, refund__isnull=False)
                | models.Q(kind=ReceiptKind.REVERSAL, refund=None, credited__isnull=False),
                name="receipt_matches_kind",
            ),
        ]

    def __str__(self) -> str:
        name = (
            gettext("Receipt %(number)s")
            if self.kind == ReceiptKind.PAYMENT
            else gettext("Credit receipt %(number)s")
        )
        return name % {"number": self.number}
