from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.shop import Shop


class Invitation(models.Model):
    """A link that one person uses once: a new colleague to join, or a colleague for a new password.

    Only the digest of the link's token is stored. An invitation of a new colleague has a group and
    shops, and no user until it is accepted; a link for a new password has its user from the start,
    and no group. A withdrawn link is deleted.
    """

    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    group = models.ForeignKey(Group, models.CASCADE, null=True, verbose_name=_("role"))
    all_shops = models.BooleanField(_("all shops"), default=False)
    shops = models.ManyToManyField(
        Shop, blank=True, related_name="+", verbose_name=_("only these shops")
    )
    recipient = models.CharField(_("for"), max_length=254, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        default_permissions = ()  # the permissions to add and change users are enough
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(group=None, user=None), name="invitation_has_a_purpose"
            )
        ]

    def __str__(self) -> str:
        return self.recipient or str(self.pk)
