from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from payments.loyalty import example
from payments.models import LoyaltyCard
from seqrshop.backoffice.scoped_admin import ShopScopedAdmin


class LoyaltyCardForm(ModelForm[LoyaltyCard]):
    """A card's discount, and its number, of which only a digest is kept."""

    number = forms.CharField(
        label=_("Card number"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Only a checksum is stored, so the number cannot be shown again."),
    )

    class Meta:
        model = LoyaltyCard
        fields = ("number", "percent")

    def clean_number(self) -> str:
        """Set the card's digest; refuse a card that is already registered, and name it."""
        number: str = self.cleaned_data["number"]
        known = LoyaltyCard.with_number(number)
        if known is not None:
            raise ValidationError(
                _("This card is already registered: %(card)s."), params={"card": known}
            )
        self.instance.number_digest = LoyaltyCard.digest_of(number)
        return number


@admin.register(LoyaltyCard)
class LoyaltyCardAdmin(ShopScopedAdmin[LoyaltyCard]):
    """The cards of the example loyalty hook. To change one, delete it and add it again.

    A card counts in every shop, so only those with all shops see and add cards. There is no search,
    since the number would be in the address and so in a proxy's log. Adding a card that is already
    registered names it.
    """

    form = LoyaltyCardForm
    list_display = ("__str__", "percent", "created_at")

    def get_fields(self, request: HttpRequest, obj: LoyaltyCard | None = None) -> tuple[str, ...]:
        """Show the number's field for a new card only."""
        return ("percent", "created_at") if obj else ("number", "percent")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Hide the cards of a shop that does not use the example hook."""
        used = settings.LOYALTY_HOOK == example.PATH
        return used and super().has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: LoyaltyCard | None = None) -> bool:
        """Refuse everybody, since a number cannot be read back."""
        return False
