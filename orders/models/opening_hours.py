from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from orders.models.shop import Shop


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
