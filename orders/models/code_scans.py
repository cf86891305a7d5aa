from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.qr_code import QrCode


class CodeScans(models.Model):
    """How often a code was scanned on one day of the shops' time zone."""

    code = models.ForeignKey(QrCode, models.CASCADE, related_name="scans", db_index=False)
    day = models.DateField()
    scans = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("scans of a day")
        verbose_name_plural = _("scans of days")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["code", "day"], name="code_scans_once_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.code_id} {self.day}: {self.scans}"


class ScanCursor(models.Model):
    """The last customer's session whose scan is counted: the only row of its table."""

    last_session_id = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("scan cursor")
        verbose_name_plural = _("scan cursors")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="scan_cursor_is_one_row"),
        ]

    def __str__(self) -> str:
        return str(self.last_session_id)
