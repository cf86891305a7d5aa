"""What the staff write about refunds, reservations and lost periods."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class RefundForm(forms.Form):
    """How much goes back, and why. The nonce makes two clicks one refund."""

    amount = forms.DecimalField(
        label=_("Amount"), max_digits=10, decimal_places=2, min_value=Decimal("0.01")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.TextInput(attrs={"size": 60})
    )
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=40)


class CommitForm(forms.Form):
    """The amount that the staff have seen and agreed to take."""

    amount = forms.DecimalField(widget=forms.HiddenInput, max_digits=10, decimal_places=2)


class SettleForm(forms.Form):
    """What became of a refund whose outcome was unknown, and how that was found out."""

    went_back = forms.TypedChoiceField(
        label=_("The money"),
        choices=[("yes", _("went back to the customer")), ("no", _("did not go back"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    ers_reference = forms.CharField(
        label=_("The refund's reference at SEQR, if known"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"size": 40}),
    )
    reason = forms.CharField(
        label=_("How was it found out?"), max_length=300, widget=forms.TextInput(attrs={"size": 60})
    )


class LostPeriodForm(forms.Form):
    """What SEQR's support told of a period whose id is lost, and how that was found out."""

    closed = forms.TypedChoiceField(
        label=_("SEQR"),
        choices=[("yes", _("closed a period under this id")), ("no", _("closed no period then"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    transaction_period_id = forms.CharField(
        label=_("SEQR's id of the period"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"size": 40}),
    )
    reason = forms.CharField(
        label=_("How was it found out?"), max_length=300, widget=forms.TextInput(attrs={"size": 60})
    )

    def clean(self) -> dict[str, Any]:
        """Want the id of a period that was closed."""
        given = super().clean() or {}
        if given.get("closed") and not given.get("transaction_period_id"):
            self.add_error("transaction_period_id", _("Enter the id that SEQR told."))
        return given
