"""The form of a refund: rows with quantities, everything that is left, or an amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.models import Invoice, RefundReason
from payments.refunds.allowance import Allowance
from payments.refunds.row_amounts import RefundableLine

NOTHING_CHOSEN = _("Choose what to refund: rows, everything that is left, or an amount.")
CHOSEN_TWICE = _("Choose either rows or an amount.")
NO_REASON = _("Choose a reason. For another reason, write it.")


@dataclass(frozen=True)
class RefundOffer:
    """What can be refunded of a payment, and what the person may refund alone.

    `refundable` is in major units. `lines` are empty for a payment that did not pay its order.
    """

    invoice: Invoice
    refundable: Decimal
    lines: tuple[RefundableLine, ...]
    allowance: Allowance

    @property
    def rows_amount(self) -> Decimal:
        """The amount of all units that are left."""
        left = (line.amount_of(line.remaining) for line in self.lines if line.remaining)
        return sum(left, Decimal(0))

    def everything(self) -> tuple[Decimal, Mapping[int, int] | None]:
        """Return the amount that is left, and its rows, unless an amount was refunded apart."""
        if self.rows_amount != self.refundable:
            return self.refundable, None
        return self.refundable, {
            line.row.pk: line.remaining for line in self.lines if line.remaining
        }


class AmountField(forms.DecimalField):
    """An amount in major units, typed with a comma or a point, in any language."""

    def to_python(self, value: Any) -> Any:
        """Read the amount. Raises ValidationError."""
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class RefundForm(forms.Form):
    """What to refund, and why. The nonce makes two clicks one refund.

    `seen_amount` and `seen_approval` are what the page showed beside the button: the sum of the
    chosen rows, and whether a colleague must approve it.
    """

    everything = forms.BooleanField(required=False)
    amount = AmountField(
        label=_("Amount"),
        max_digits=10,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
    )
    reason_code = forms.ChoiceField(choices=RefundReason.choices, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=40)
    seen_amount = forms.DecimalField(required=False, max_digits=10, decimal_places=2)
    seen_approval = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)

    def __init__(self, offer: RefundOffer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        for line in offer.lines:
            self.fields[row_field(line)] = forms.IntegerField(
                required=False, min_value=0, max_value=line.row.quantity
            )

    def clean(self) -> dict[str, Any]:
        """Set `refund_amount` and `quantities`, from the one way that was chosen to say them."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        cleaned["reason_code"] = RefundReason(cleaned["reason_code"] or RefundReason.OTHER)
        if cleaned["reason_code"] == RefundReason.OTHER and not cleaned["reason"]:
            self.add_error("reason", NO_REASON)
        quantities = {
            line.row.pk: cleaned[row_field(line)]
            for line in self.offer.lines
            if cleaned[row_field(line)]
        }
        chosen = [cleaned["everything"] or bool(quantities), cleaned["amount"] is not None]
        if not any(chosen):
            raise forms.ValidationError(NOTHING_CHOSEN)
        if all(chosen):
            raise forms.ValidationError(CHOSEN_TWICE)
        if cleaned["everything"]:
            cleaned["refund_amount"], cleaned["quantities"] = self.offer.everything()
        elif quantities:
            cleaned["refund_amount"] = self._sum_of(quantities)
            cleaned["quantities"] = quantities
        else:
            cleaned["refund_amount"], cleaned["quantities"] = cleaned["amount"], None
        return cleaned

    def _sum_of(self, quantities: Mapping[int, int]) -> Decimal:
        """Return the sum of the chosen units; a row that lacks them gets an error."""
        total = Decimal(0)
        for line in self.offer.lines:
            quantity = quantities.get(line.row.pk, 0)
            if quantity > line.remaining:
                self.add_error(
                    row_field(line),
                    _("Only %(remaining)d of these can still be refunded.")
                    % {"remaining": line.remaining},
                )
            elif quantity:
                total += line.amount_of(quantity)
        return total

    @property
    def needs_approval(self) -> bool:
        """Whether a colleague must approve the refund in a valid form."""
        amount = self.cleaned_data["refund_amount"]
        return self.offer.allowance.approval_reason(amount) is not None

    @property
    def was_shown(self) -> bool:
        """Whether the page has shown the amount of a valid form, and what will happen.

        A typed amount needs no more than the limit on the page. Without JavaScript, and after a
        colleague has changed the payment, the page shows the sum of rows first.
        """
        given = self.cleaned_data
        approval = given["seen_approval"]
        if approval and (approval == "yes") != self.needs_approval:
            return False
        return given["amount"] is not None or given["seen_amount"] == given["refund_amount"]


def row_field(line: RefundableLine) -> str:
    """Return the name of a line's quantity in the form."""
    return f"row_{line.row.pk}"
