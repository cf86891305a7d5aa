from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.languages import Named
from payments.models.invoice import Invoice


class InvoiceDiscount(Named, models.Model):
    """A discount on an invoice, for a loyalty card.

    `amount` is below 0, in major units, VAT included; the invoice's own amount is that much lower
    than its order's total.
    """

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="discounts")
    name_sv = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    vat_rate = models.DecimalField(_("VAT rate (%)"), max_digits=4, decimal_places=2)

    class Meta:
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__lt=0), name="discount_below_zero")
        ]

    def __str__(self) -> str:
        return self.name_sv
