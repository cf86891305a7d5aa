from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from orders.last_characters import LastCharacters
from orders.models.shop import Shop

SEARCHED_DIGITS = 4
"""The last digits of a phone number by which the staff find a customer."""


class Customer(models.Model):
    """A customer who pays with SEQR. The only row with a phone number.

    Once it is erased, at `erased_at`, `msisdn` is empty and `subscriber_key` random: the row only
    keeps the customer's orders together. A customer who returns is a new row.
    """

    subscriber_key = models.CharField(max_length=128, unique=True)
    msisdn = models.CharField(
        _("phone number"),
        max_length=32,
        db_index=True,
        help_text=_("In international form, without +."),
    )
    erased_at = models.DateTimeField(_("erased"), null=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [
            ("export_customer", gettext_noop("Can export what is kept about a customer")),
            ("erase_customer", gettext_noop("Can erase a customer's personal data")),
        ]
        indexes = [
            models.Index(LastCharacters("msisdn", SEARCHED_DIGITS), name="customer_by_last_digits"),
            # For the daily search for customers whose data is no longer needed.
            models.Index(
                fields=["id"], condition=models.Q(erased_at=None), name="customer_not_erased"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | models.Q(msisdn=""),
                name="customer_erased_has_no_phone",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Customer %(number)s") % {"number": self.pk}


class CustomerSession(models.Model):
    """The session of one scan: a customer at one shop, until it expires.

    Only a digest of SEQR's token is stored.
    """

    token_digest = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sessions")
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+")
    parameters = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("customer session")
        verbose_name_plural = _("customer sessions")

    def __str__(self) -> str:
        return gettext("Session %(number)s") % {"number": self.pk}
