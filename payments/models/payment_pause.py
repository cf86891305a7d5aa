from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from payments.models.money_case import MoneyCase


class PaymentPause(models.Model):
    """A pause of all payments because SEQR refuses our settings. At most one is open.

    A person may close its case, having corrected the settings, but payments resume only once SEQR
    has accepted a probe. `probes` counts those started; one is in flight until `lease_until`.
    """

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
                IsNull(models.F("ended_at"), True),
                condition=models.Q(ended_at=None),
                name="payment_pause_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"payment pause {self.pk}"
