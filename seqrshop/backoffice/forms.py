"""The forms by which staff confirm, capture, and record an outcome."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def _text_field(
    label: Any, max_length: int, columns: int, *, required: bool = True
) -> forms.CharField:
    widget = forms.TextInput(attrs={"size": columns})
    return forms.CharField(label=label, max_length=max_length, required=required, widget=widget)


def _yes_or_no(label: Any, yes: Any, no: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[("yes", yes), ("no", no)],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )


class ConfirmationForm(forms.Form):
    """Nothing but the answer that a button gives."""

    confirmed = forms.CharField(widget=forms.HiddenInput)


class CaptureForm(forms.Form):
    """The amount that the member of staff has seen and agreed to capture."""

    amount = forms.DecimalField(widget=forms.HiddenInput, max_digits=10, decimal_places=2)


class RefundOutcomeForm(forms.Form):
    """The outcome of an unknown refund, and how it was established."""

    was_refunded = _yes_or_no(
        _("The money"), _("was returned to the customer"), _("was not returned")
    )
    ers_reference = _text_field(
        _("The refund's reference at SEQR, if known"), 64, 40, required=False
    )
    reason = _text_field(_("How do you know?"), 300, 60)


class LostPeriodForm(forms.Form):
    """The answer of SEQR's support about a period without an ID, and how it was obtained."""

    closed = _yes_or_no(
        _("SEQR"), _("closed a period with this ID"), _("closed no period at that time")
    )
    transaction_period_id = _text_field(_("Period ID at SEQR"), 100, 40, required=False)
    reason = _text_field(_("How do you know?"), 300, 60)

    def clean(self) -> dict[str, Any]:
        """Require the ID of a period that SEQR has closed."""
        cleaned = super().clean() or {}
        if cleaned.get("closed") and not cleaned.get("transaction_period_id"):
            self.add_error("transaction_period_id", _("Enter the ID that SEQR gave you."))
        return cleaned
