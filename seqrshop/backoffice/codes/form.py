"""The form of one code."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm

from orders.codes.content import payload
from orders.models import QrCode, Shop
from orders.models.qr_code import PARAMETERS_TAKEN, PLACEMENT_TAKEN, natural_key


class QrCodeForm(ModelForm[QrCode]):
    """A code's placement and parameters, checked against SEQR's print rules."""

    class Meta:
        model = QrCode
        fields = ("shop", "placement", "parameters")

    def clean(self) -> dict[str, Any]:
        """Show what is wrong beside its field."""
        cleaned: dict[str, Any] = super().clean() or {}
        if (shop := cleaned.get("shop")) is None:
            return cleaned
        others = QrCode.objects.filter(shop=shop).exclude(pk=self.instance.pk)
        if (placement := cleaned.get("placement")) and others.filter(
            sort_key=natural_key(placement)
        ).exists():
            self.add_error("placement", ValidationError(PLACEMENT_TAKEN))
        if (parameters := cleaned.get("parameters")) is not None:
            self._check_parameters(shop, parameters, others)
        return cleaned

    def _check_parameters(self, shop: Shop, parameters: str, others: QuerySet[QrCode]) -> None:
        try:
            payload(shop, parameters)
        except ValidationError as error:
            self.add_error("parameters", error)
        else:
            if others.filter(parameters=parameters).exists():
                self.add_error("parameters", ValidationError(PARAMETERS_TAKEN))
