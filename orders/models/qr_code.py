import re

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from orders.models.shop import Shop

SORTED_DIGITS = 20
"""The last digits of a number by which placements are sorted."""
PARAMETERS_TAKEN = _("This shop already has a code with these parameters.")
PLACEMENT_TAKEN = _("This shop already has a code at this placement.")


def _replaced(text: models.Expression, pattern: str, by: str) -> models.Func:
    """Return a text with all matches of a pattern replaced."""
    parts = (models.Value(pattern), models.Value(by), models.Value("g"))
    return models.Func(text, *parts, function="regexp_replace", output_field=models.CharField())


def _natural_key(column: str) -> models.Func:
    """Return a column in lower case, with each number in it filled up with zeros.

    So "Table 2" comes before "Table 10". PostgreSQL can sort so by itself where it is built with
    ICU; not every build is.
    """
    filled = _replaced(Lower(column), "[0-9]+", "0" * SORTED_DIGITS + r"\&")
    return _replaced(filled, f"[0-9]*([0-9]{{{SORTED_DIGITS}}})", r"\1")


def natural_key(placement: str) -> str:
    """Return the sort key that PostgreSQL makes of a placement, except for capitals beside A-Z."""
    filled = re.sub("[0-9]+", lambda number: number[0].zfill(SORTED_DIGITS), placement.lower())
    return re.sub(f"[0-9]*([0-9]{{{SORTED_DIGITS}}})", r"\1", filled)


class QrCode(models.Model):
    """The QR code of a shop at one place, as last generated; its images are drawn when asked for.

    `sort_key` sorts placements as people count; two with the same key are the same.
    `last_scanned_at` is the time of the last scan that `orders.codes.scans` has counted.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="qr_codes", verbose_name=_("shop"))
    placement = models.CharField(
        _("placement"), max_length=60, help_text=_("Printed below the code, such as “Table 4”.")
    )
    sort_key = models.GeneratedField(
        expression=_natural_key("placement"), output_field=models.TextField(), db_persist=True
    )
    parameters = models.CharField(
        _("parameters"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("Passed from the code to the order page, such as TABLE=4."),
    )
    payload = models.CharField(_("content"), max_length=50, editable=False)
    made_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    last_scanned_at = models.DateTimeField(_("last scanned"), null=True, editable=False)

    class Meta:
        verbose_name = _("QR code")
        verbose_name_plural = _("QR codes")
        ordering = ["shop", "sort_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "parameters"],
                name="qr_code_once_per_placement",
                violation_error_message=PARAMETERS_TAKEN,
            ),
            models.UniqueConstraint(
                fields=["shop", "sort_key"],
                name="qr_code_placement_once",
                violation_error_message=PLACEMENT_TAKEN,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shop}: {self.placement}"


class RevisionReason(models.TextChoices):
    """Why a code was generated."""

    ADDED = "ADDED", _("new code")
    CHANGED = "CHANGED", _("changed by hand")
    REGENERATED = "REGENERATED", _("regenerated")


class CodeRevision(models.Model):
    """One generation of a code: its content and placement at that time, by whom and why.

    A print of it stays valid as long as the code has the same content. `printed_at` says that
    such a print hangs in the shop, until `replaced_at`.
    """

    code = models.ForeignKey(
        QrCode, models.CASCADE, related_name="revisions", verbose_name=_("QR code")
    )
    placement = models.CharField(_("placement"), max_length=60)
    payload = models.CharField(_("content"), max_length=50)
    reason = models.CharField(_("reason"), max_length=12, choices=RevisionReason.choices)
    made_at = models.DateTimeField(_("created"), db_default=Now())
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    printed_at = models.DateTimeField(_("printed"), null=True)
    printed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("printed by"),
    )
    replaced_at = models.DateTimeField(_("replaced"), null=True)
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("replaced by"),
    )

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        default_permissions = ()
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason__in=RevisionReason.values),
                name="code_revision_reason_known",
            ),
            models.CheckConstraint(
                condition=models.Q(replaced_at=None) | models.Q(printed_at__isnull=False),
                name="code_revision_printed_before_replaced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.placement}: {self.payload}"
