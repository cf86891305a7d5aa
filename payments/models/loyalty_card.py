from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.keyed_digest import keyed_digest, keyed_digests

SALT = "payments.loyalty.hook"


class LoyaltyCard(models.Model):
    """A card that `payments.loyalty.example` accepts, and its discount.

    The number is personal data, so only a keyed digest of it is stored: a card can be looked up,
    and its number cannot be read.
    """

    number_digest = models.CharField(max_length=64, unique=True, editable=False)
    percent = models.PositiveSmallIntegerField(
        _("discount (%)"), validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    created_at = models.DateTimeField(_("added"), db_default=Now())

    class Meta:
        verbose_name = _("loyalty card")
        verbose_name_plural = _("loyalty cards")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__gte=1, percent__lte=90), name="card_percent_sane"
            )
        ]

    def __str__(self) -> str:
        return gettext("Loyalty card %(number)s") % {"number": self.pk}

    @classmethod
    def with_number(cls, number: str) -> "LoyaltyCard | None":
        """Return the card with this number, whichever key its digest is by; None for none."""
        digests = keyed_digests(SALT, _compact(number))
        return cls.objects.filter(number_digest__in=digests).first()

    @staticmethod
    def digest_of(number: str) -> str:
        """Return the keyed digest of a card's number, without its spaces."""
        return keyed_digest(SALT, _compact(number))


def _compact(number: str) -> str:
    return "".join(number.split())
