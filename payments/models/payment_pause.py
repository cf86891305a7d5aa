from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import IsNull

from payments.models.money_case import MoneyCase


class PaymentPause(models.Model):
    """A time in which nothing is sold, since SEQR refuses our settings. One at most is open.

    It has a case and is none itself: a person may close the case, having mended the settings, but
    paying opens only once SEQR has accepted a probe. `probes` have been begun; while
    `lease_until` lasts, one is under way.
    """

    case = models.ForeignKey(MoneyCase, models.PROTECT, related_name="paying_stops")
    reason = models.CharField(max_length=300)
    since = models.DateTimeField(db_default=Now())
    probes = models.PositiveIntegerField(default=0)
    next_probe_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        permissions = [("check_paymentpause", "Can check whether payments work again")]
        constraints = [
            models.UniqueConstraint(
                IsNull(models.F("ended_at"), True),
                condition=models.Q(ended_at=None),
                name="paying_stop_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"paying stop {self.pk}"
