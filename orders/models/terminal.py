from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders import encryption
from orders.models.audited import AuditedModel, AuditSubject, SubjectType
from orders.models.seller import Seller


class Terminal(AuditedModel):
    """A terminal at SEQR: it issues invoices, and only it can query, cancel and refund them.

    A shop points to the terminal of its new invoices, and an invoice keeps its own. `principal_id`
    is SEQR's ID of the terminal. The password is encrypted; an empty ciphertext is no password. The
    settings SEQR_TERMINAL_… override the row with the same ID. A retired terminal is called no
    more, and has no password.
    """

    seller = models.ForeignKey(
        Seller, models.PROTECT, related_name="terminals", verbose_name=_("seller")
    )
    principal_id = models.CharField(
        _("terminal ID at SEQR"),
        max_length=200,
        unique=True,
        error_messages={"unique": _("This terminal has been added already.")},
    )
    label = models.CharField(
        _("label"), max_length=60, help_text=_("Shown to staff, such as “Södermalm, till 1”.")
    )
    password_ciphertext = models.TextField(blank=True, default="", editable=False)
    added_at = models.DateTimeField(_("in use from"), db_default=Now(), editable=False)
    retired_at = models.DateTimeField(_("in use until"), null=True, editable=False)
    # The terminal that the settings name, or named last. Another one there takes its shops over.
    is_from_settings = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        ordering = ["label", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_from_settings"],
                condition=models.Q(is_from_settings=True),
                name="terminal_from_settings_once",
            ),
            models.CheckConstraint(
                condition=models.Q(retired_at=None) | models.Q(password_ciphertext=""),
                name="terminal_retired_has_no_password",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.principal_id

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.TERMINAL, self.pk, str(self)[:40], None)

    @property
    def password(self) -> str:
        """The terminal's password at SEQR. Raises UnreadableSecret."""
        return encryption.decrypt(self.password_ciphertext)

    @password.setter
    def password(self, password: str) -> None:
        self.password_ciphertext = encryption.encrypt(password)
