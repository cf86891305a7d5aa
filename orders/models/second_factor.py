from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders import encryption


class SecondFactor(models.Model):
    """What a member of staff has beside the password, except for passkeys, and failed attempts.

    The secret of the authenticator app is encrypted; an empty ciphertext is no app. `last_step` is
    the 30 s step of the last code that was accepted: a code is accepted once. Of the recovery codes
    only the digests of the unused ones are stored. The row's lock makes attempts one after another.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="second_factor",
        verbose_name=_("user"),
    )
    totp_ciphertext = models.TextField(blank=True, default="", editable=False)
    last_step = models.BigIntegerField(default=0, editable=False)
    recovery_digests = models.JSONField(default=list, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    refused_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        default_permissions = ()
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.user)

    @property
    def totp_secret(self) -> str:
        """The app's secret in base 32, or "" without an app. Raises UnreadableSecret."""
        return encryption.decrypt(self.totp_ciphertext)

    @totp_secret.setter
    def totp_secret(self, secret: str) -> None:
        self.totp_ciphertext = encryption.encrypt(secret)


class Passkey(models.Model):
    """A passkey of a member of staff: the public key of a device, and its ID. Nothing is secret.

    `credential` is the ID, the public key and the device's model, as WebAuthn encodes them.
    `sign_count` is the device's own count of its answers, 0 if it keeps none.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="passkeys",
        verbose_name=_("user"),
    )
    name = models.CharField(_("name"), max_length=60)
    credential_id = models.BinaryField(unique=True, editable=False)
    credential = models.BinaryField(editable=False)
    sign_count = models.BigIntegerField(default=0, editable=False)
    added_at = models.DateTimeField(_("added"), db_default=Now())
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
