from datetime import date, datetime

from django.db import models
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from orders.languages import Noted
from orders.models.shop import Shop

MAX_NOTE_LENGTH = 120


class OpeningHours(models.Model):
    """One opening time of a shop in each week, in Stockholm time. `weekday` 0 is Monday.

    A closing time at or before the opening time is on the next day: 18:00 to 02:00, or 00:00 to
    00:00 for a whole day. A shop without opening hours is always open.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6), name="opening_hours_weekday_known"
            )
        ]

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.opens:%H:%M}–{self.closes:%H:%M}"


class OpeningException(Noted, models.Model):
    """Days on which a shop has other opening hours than each week, or is closed.

    The days are those on which the hours begin, in Stockholm time, `last_day` included. Without
    `opens` and `closes` the shop is closed; otherwise it is open at that time on each of the days,
    past midnight where `closes` is at or before `opens`. No two exceptions of a shop share a day.
    The note is shown to customers who find the shop closed.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="opening_exceptions")
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(_("closes"), null=True, blank=True)
    note_sv = models.CharField(
        _("note in Swedish"), max_length=MAX_NOTE_LENGTH, blank=True, default=""
    )
    note_en = models.CharField(
        _("note in English"), max_length=MAX_NOTE_LENGTH, blank=True, default=""
    )

    class Meta:
        verbose_name = _("day with other hours")
        verbose_name_plural = _("days with other hours")
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")),
                name="opening_exception_days_in_order",
                violation_error_message=_("The last day must not be before the first."),
            ),
            models.CheckConstraint(
                condition=models.Q(opens=None, closes=None)
                | models.Q(opens__isnull=False, closes__isnull=False),
                name="opening_exception_has_both_times_or_none",
                violation_error_message=_("Enter both times, or none if the shop is closed."),
            ),
        ]

    def __str__(self) -> str:
        days = f"{self.first_day}–{self.last_day}"
        return str(self.first_day) if self.first_day == self.last_day else days

    @property
    def is_closed(self) -> bool:
        """Whether the shop is closed on these days."""
        return self.opens is None

    def is_on(self, day: date) -> bool:
        """Return whether the exception holds on a day."""
        return self.first_day <= day <= self.last_day


class PlannedPause(Noted, models.Model):
    """A time in which a shop will take no orders, planned ahead; no two of a shop overlap.

    Unlike an exception it does not change the opening hours: the shop says that it is paused. The
    note is shown to customers meanwhile.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="planned_pauses")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note_sv = models.CharField(
        _("note in Swedish"), max_length=MAX_NOTE_LENGTH, blank=True, default=""
    )
    note_en = models.CharField(
        _("note in English"), max_length=MAX_NOTE_LENGTH, blank=True, default=""
    )

    class Meta:
        verbose_name = _("planned pause")
        verbose_name_plural = _("planned pauses")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("starts_at")),
                name="planned_pause_times_in_order",
                violation_error_message=_("“Until” must be after “from”."),
            ),
        ]

    def __str__(self) -> str:
        times = (timezone.localtime(each) for each in (self.starts_at, self.ends_at))
        return "–".join(f"{each:%Y-%m-%d %H:%M}" for each in times)

    def covers(self, moment: datetime) -> bool:
        """Return whether the shop is paused at a moment."""
        return self.starts_at <= moment < self.ends_at
