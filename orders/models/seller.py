from django.db import models
from django.utils.translation import gettext_lazy as _

from orders import encryption
from orders.validators import validate_organisation_number, validate_vat_number

# A receipt of the seller shall have these. Not every seller has a VAT number.
RECEIPT_FIELDS = ("legal_name", "organisation_number", "street", "postal_code", "city")


class Seller(models.Model):
    """A company that sells: the seller on the receipts of its shops.

    It has one reseller account at SEQR. The account's password is encrypted; an empty ciphertext is
    no password. The settings SEQR_RESELLER_… override the row with the same reseller ID.
    """

    legal_name = models.CharField(_("legal name"), max_length=100)
    organisation_number = models.CharField(
        _("organisation number"),
        max_length=11,
        validators=[validate_organisation_number],
        help_text=_("Ten digits, such as 556677-8899."),
    )
    vat_number = models.CharField(
        _("VAT number"),
        max_length=14,
        blank=True,
        default="",
        validators=[validate_vat_number],
        help_text=_("SE, the organisation number and 01. Empty if the seller is not registered."),
    )
    street = models.CharField(_("street"), max_length=100, blank=True, default="")
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True, default="")
    city = models.CharField(_("town"), max_length=60, blank=True, default="")
    reseller_id = models.CharField(
        _("reseller ID at SEQR"),
        max_length=200,
        unique=True,
        error_messages={"unique": _("Another seller has this reseller account.")},
    )
    reseller_user_id = models.CharField(
        _("user ID in the reseller account"), max_length=200, default="9900"
    )
    reseller_password_ciphertext = models.TextField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        ordering = ["legal_name", "pk"]

    def __str__(self) -> str:
        return self.legal_name or self.reseller_id

    @property
    def missing_on_receipts(self) -> list[str]:
        """The names of the details that receipts need and the seller has not given."""
        return [
            str(self._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # a column
            for name in RECEIPT_FIELDS
            if not getattr(self, name)
        ]

    @property
    def reseller_password(self) -> str:
        """The password of the reseller account's user. Raises UnreadableSecret."""
        return encryption.decrypt(self.reseller_password_ciphertext)

    @reseller_password.setter
    def reseller_password(self, password: str) -> None:
        self.reseller_password_ciphertext = encryption.encrypt(password)
