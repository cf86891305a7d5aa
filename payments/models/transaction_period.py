from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from orders.models import AuditedModel, AuditSubject, SubjectType, Terminal


class PeriodStatus(models.TextChoices):
    """The status of a transaction period."""

    TO_MARK = "TO_MARK", _("to be closed")
    MARKING = "MARKING", _("being closed")
    MARKED = "MARKED", _("awaiting the report")
    RECONCILED = "RECONCILED", _("reconciled")
    LOST = "LOST", _("ID missing")
    VOID = "VOID", _("never closed")


# SEQR has closed the period, and its id is known.
MARK_KNOWN = (PeriodStatus.MARKED, PeriodStatus.RECONCILED)
# SEQR has closed the period, or may have.
MARK_TRIED = (*MARK_KNOWN, PeriodStatus.MARKING, PeriodStatus.LOST)


class TransactionPeriod(AuditedModel):
    """A terminal's payments and refunds since its last period. It is closed on `day`.

    Only `payments.reconciliation.transitions` writes `status`. SEQR closed the period between
    `marking_started_at` and `marking_ended_at`, both by PostgreSQL's clock. `report_requested_at`
    is when staff requested the report, until it is fetched.
    """

    day = models.DateField(_("day"))
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="periods", verbose_name=_("terminal")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=PeriodStatus.choices, default=PeriodStatus.TO_MARK
    )
    created_at = models.DateTimeField(_("due"), db_default=Now())
    since = models.DateTimeField(_("status since"), db_default=Now())
    lease_until = models.DateTimeField(null=True, editable=False)
    marking_started_at = models.DateTimeField(_("closing started"), null=True)
    marking_ended_at = models.DateTimeField(_("closing ended"), null=True)
    transaction_period_id = models.CharField(
        _("period ID at SEQR"), max_length=100, null=True, unique=True
    )
    fetched_at = models.DateTimeField(_("report fetched"), null=True)
    report_requested_at = models.DateTimeField(_("report requested"), null=True, editable=False)

    class Meta:
        verbose_name = _("transaction period")
        verbose_name_plural = _("transaction periods")
        ordering = ["-day"]
        permissions = [
            (
                "reconcile_transactionperiod",
                gettext_noop("Can fetch a report again and record a lost period"),
            )
        ]
        indexes = [
            models.Index(
                fields=["day"],
                condition=models.Q(
                    status__in=(PeriodStatus.TO_MARK, PeriodStatus.MARKING, PeriodStatus.MARKED)
                )
                | models.Q(report_requested_at__isnull=False),
                name="period_unfinished",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["day", "terminal"], name="period_of_a_day_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=PeriodStatus.values), name="period_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=MARK_KNOWN, transaction_period_id__isnull=False)
                | (~models.Q(status__in=MARK_KNOWN) & models.Q(transaction_period_id=None)),
                name="period_has_an_id_once_closed",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=PeriodStatus.MARKING)
                | models.Q(marking_started_at__isnull=False, lease_until__isnull=False),
                name="period_being_closed_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=(*MARK_KNOWN, PeriodStatus.LOST))
                | models.Q(marking_started_at__isnull=False, marking_ended_at__isnull=False),
                name="period_closed_between_two_moments",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=PeriodStatus.RECONCILED)
                | models.Q(fetched_at__isnull=False),
                name="period_compared_has_a_report",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Period %(day)s") % {"day": f"{self.day:%Y-%m-%d}"}

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.PERIOD, self.pk, f"{self.day:%Y-%m-%d}", None)
