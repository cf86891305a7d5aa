from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from payments.models.invoice import Invoice


class InvoiceEvent(models.Model):
    """Something that happened to an invoice. Written in the transaction of what it tells.

    Without secrets and personal data; `detail` is for people.
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="events")
    at = models.DateTimeField(_("at"), db_default=Now())
    name = models.CharField(_("event"), max_length=40)
    from_status = models.CharField(_("from"), max_length=26, blank=True)
    to_status = models.CharField(_("to"), max_length=26, blank=True)
    source = models.CharField(_("by"), max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"
