from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from orders.models import Terminal
from payments.models.money_case import MoneyCase


class PaymentPause(models.Model):
    """A pause of a terminal's payments because SEQR refuses it. At most one is open.

    The shops of other terminals sell on. A person may close its case, having corrected the
    terminal, but payments resume only once SEQR has accepted a probe. `probes` counts those
    started; one is in flight until `lease_until`.
    """

    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="pauses")
    case = models.ForeignKey(MoneyCase, models.PROTECT, related_name="payment_pauses")
    reason = models.CharField(max_length=300)
    since = models.DateTimeField(db_default=Now())
    probes = models.PositiveIntegerField(default=0)
    next_probe_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("payment pause")
        verbose_name_plural = _("payment pauses")
        default_permissions = ()
        permissions = [
            ("check_paymentpause", gettext_noop("Can check whether payments work again"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["terminal"],
                condition=models.Q(ended_at=None),
                name="payment_pause_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"payment pause {self.pk}"
