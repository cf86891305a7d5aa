from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.audited import SubjectType
from orders.models.event_name import EventName
from orders.models.order import Order
from orders.models.source_name import SourceName


class AuditEvent(models.Model):
    """One line of the audit: a change of a row, or a call to SEQR.

    Written in the transaction of the change, and append-only: a database trigger refuses to change
    or delete an event. An event holds no secret, and no personal data but the user names of staff;
    its order leads to the customer. `subject_id` is the row's id and `subject_label` its number for
    people. A call to SEQR has no row: its label is the client reference by which SEQR's support
    finds the call, its name SEQR's operation.
    """

    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="events")
    subject_type = models.CharField(_("type"), max_length=8, choices=SubjectType.choices)
    subject_id = models.BigIntegerField(null=True)
    subject_label = models.CharField(_("subject"), max_length=40)
    occurred_at = models.DateTimeField(_("time"), db_default=Now())
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
        db_index=False,
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
            models.Index(fields=["occurred_at"], name="event_by_day"),
            models.Index(fields=["actor"], name="event_of_actor", condition=Q(actor__isnull=False)),
            models.Index(
                fields=["subject_label"],
                name="event_of_call",
                condition=Q(subject_type=SubjectType.CALL),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(name__in=EventName.values) | Q(subject_type=SubjectType.CALL),
                name="event_name_known",
            ),
            models.CheckConstraint(
                condition=Q(source__in=SourceName.values), name="event_source_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_label}: {self.name} ({self.source})"

    @property
    def label(self) -> str:
        """The event's name for the staff. A call keeps the name of SEQR's operation."""
        if self.subject_type == SubjectType.CALL:
            return self.name
        return str(EventName(self.name).label)
