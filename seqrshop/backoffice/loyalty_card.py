from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from payments.loyalty import example
from payments.models import LoyaltyCard
from seqrshop.backoffice.typed import ModelAdmin, ModelForm


class LoyaltyCardForm(ModelForm[LoyaltyCard]):
    """A card's number, which is read once and not kept, and its discount."""

    number = forms.CharField(
        label=_("Card number"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept as a digest only: nobody can read it back here."),
    )

    class Meta:
        model = LoyaltyCard
        fields = ("number", "percent")

    def clean_number(self) -> str:
        """Give the card its digest; refuse one that is there already, and name it."""
        number: str = self.cleaned_data["number"]
        digest = LoyaltyCard.digest_of(number)
        known = LoyaltyCard.objects.filter(number_digest=digest).first()
        if known is not None:
            raise ValidationError(
                _("This card is known already: %(card)s."), params={"card": known}
            )
        self.instance.number_digest = digest
        return number


@admin.register(LoyaltyCard)
class LoyaltyCardAdmin(ModelAdmin[LoyaltyCard]):
    """The cards that the example of a loyalty hook knows. To change one, delete it and add it.

    There is no search: the number would stand in the address, and so in a proxy's log. Whoever
    looks for a card tries to add it, and is told which one it is.
    """

    form = LoyaltyCardForm
    list_display = ("__str__", "percent", "created_at")

    def get_fields(self, request: HttpRequest, obj: LoyaltyCard | None = None) -> tuple[str, ...]:
        """A new card has a number; one that is there has only what was kept."""
        return ("percent", "created_at") if obj else ("number", "percent")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Only a shop that uses the example has cards."""
        used = settings.LOYALTY_HOOK == example.PATH
        return used and super().has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: LoyaltyCard | None = None) -> bool:
        """A number cannot be read back, so there is nothing to edit."""
        return False
