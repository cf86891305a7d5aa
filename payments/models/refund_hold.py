from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.money_case import MoneyCase


class RefundHold(models.Model):
    """A hold of all unsent refunds, in force while its case is open.

    The database has lost transactions between `lost_since` and `lost_until`: refunds that SEQR made
    then look unsent.
    """

    case = models.OneToOneField(MoneyCase, models.PROTECT, related_name="refund_hold")
    lost_since = models.DateTimeField()
    lost_until = models.DateTimeField()

    class Meta:
        verbose_name = _("refund hold")
        verbose_name_plural = _("refund holds")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lost_since__lte=models.F("lost_until")),
                name="refund_hold_begins_before_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"refund hold {self.pk}"
