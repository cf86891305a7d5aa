from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.shop import Shop


class StaffAccess(models.Model):
    """The shops to which a member of staff is bound: all of them, or some.

    Permissions say what a person may do; this says in which shops. A person without a row has no
    shop, and a superuser has all of them without a row. `all_shops` includes shops added later.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="staff_access",
        verbose_name=_("user"),
    )
    all_shops = models.BooleanField(
        _("all shops"), default=False, help_text=_("Shops that are added later, too.")
    )
    shops = models.ManyToManyField(
        Shop, blank=True, related_name="+", verbose_name=_("only these shops")
    )

    class Meta:
        default_permissions = ()  # the permission to change users is enough
        verbose_name = _("shops of the user")
        verbose_name_plural = _("shops of the user")

    def __str__(self) -> str:
        return str(self.user)
