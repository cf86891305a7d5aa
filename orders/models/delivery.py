from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order

NAME_LENGTH = 120
PLACE_LENGTH = 80
POSTAL_CODE_LENGTH = 20
EMAIL_LENGTH = 254


class Delivery(models.Model):
    """Where an order of Instant Checkout is delivered, as SEQR has sent it.

    Every order of Instant Checkout has one, and no other order. Any field may be empty. It is
    erased with its customer's data.
    """

    order = models.OneToOneField(Order, models.CASCADE, primary_key=True, related_name="delivery")
    client_name = models.CharField(_("name"), max_length=NAME_LENGTH, blank=True)
    street = models.CharField(_("street"), max_length=NAME_LENGTH, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=POSTAL_CODE_LENGTH, blank=True)
    city = models.CharField(_("town"), max_length=PLACE_LENGTH, blank=True)
    state = models.CharField(_("state or region"), max_length=PLACE_LENGTH, blank=True)
    country = models.CharField(_("country"), max_length=PLACE_LENGTH, blank=True)
    email = models.CharField(_("e-mail address"), max_length=EMAIL_LENGTH, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.order)
