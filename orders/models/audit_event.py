from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order


class SubjectType(models.TextChoices):
    """What an event is about."""

    ORDER = "order", _("order")
    INVOICE = "invoice", _("payment")
    REFUND = "refund", _("refund")
    CASE = "case", _("payment case")
    PERIOD = "period", _("transaction period")
    CALL = "call", _("call to SEQR")


class AuditEvent(models.Model):
    """A line of the audit: who or what changed something, from, to, and why.

    Written in the transaction of what it tells, and append-only: a trigger of the database refuses
    to change or delete one. It holds no secret and no personal data; the order leads to the
    customer. `subject_id` is the row's id, `subject` its number for people. A call to SEQR has no
    row:
    its subject is the reference that SEQR's support finds it by, its name SEQR's own.
    """

    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="events")
    subject_type = models.CharField(_("type"), max_length=8, choices=SubjectType.choices)
    subject_id = models.BigIntegerField(null=True)
    subject = models.CharField(_("subject"), max_length=40)
    at = models.DateTimeField(_("time"), db_default=Now())
    name = models.CharField(_("event"), max_length=40)
    from_state = models.CharField(_("from"), max_length=26, blank=True)
    to_state = models.CharField(_("to"), max_length=26, blank=True)
    source = models.CharField(_("by"), max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    detail = models.CharField(_("details"), max_length=300, blank=True)
    result_code = models.IntegerField(_("result code from SEQR"), null=True)
    duration_ms = models.PositiveIntegerField(_("milliseconds"), null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_of_its_row"),
            models.Index(fields=["at"], name="event_by_day"),
            models.Index(
                fields=["subject"], name="event_of_call", condition=Q(subject_type=SubjectType.CALL)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.name} ({self.source})"
