from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from orders.models import AuditedModel, AuditSubject, Shop, SubjectType


class DayClosing(AuditedModel):
    """The closing of a shop's day: its figures as a person has signed them off.

    `day` is a local day of Europe/Stockholm. `figures` are those of
    `payments.closings.figures.DayFigures`. A closing is signed when it is stored, and changed once:
    when it is re-opened, with a reason. The day then has another closing once it is signed again.
    """

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="closings", verbose_name=_("shop"), db_index=False
    )
    day = models.DateField(_("day"))
    figures = models.JSONField()
    signed_at = models.DateTimeField(_("signed off"), db_default=Now())
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("signed off by")
    )
    reopened_at = models.DateTimeField(_("re-opened"), null=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("re-opened by"),
    )
    reopening_reason = models.CharField(_("reason for re-opening"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("day closing")
        verbose_name_plural = _("day closings")
        default_permissions = ("view",)
        permissions = [
            ("sign_dayclosing", gettext_noop("Can sign off a day")),
            ("reopen_dayclosing", gettext_noop("Can re-open a day that is signed off")),
        ]
        ordering = ["shop", "day", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "day"],
                condition=models.Q(reopened_at=None),
                name="day_signed_once",
            ),
            models.CheckConstraint(
                condition=models.Q(reopened_at=None, reopened_by=None, reopening_reason="")
                | (
                    models.Q(reopened_at__isnull=False, reopened_by__isnull=False)
                    & ~models.Q(reopening_reason="")
                ),
                name="day_reopened_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["shop", "day", "id"], name="closing_of_day")]

    def __str__(self) -> str:
        return f"{self.shop}, {self.day:%Y-%m-%d}"

    @property
    def audit_subject(self) -> AuditSubject:
        label = f"{self.day:%Y-%m-%d} {self.shop.slug}"[:40]
        return AuditSubject(SubjectType.CLOSING, self.pk, label, None)
