"""Keeps a price that a planned one has changed since the page was opened."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from django.forms import ModelForm

from orders.models import Option, Product

M = TypeVar("M", Product, Option)


class CurrentPriceForm(ModelForm[M]):
    """A form whose price is saved only if the person has changed it on the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "price" in self.fields:  # a user who may only view has no fields
            self.fields["price"].show_hidden_initial = True

    def clean_price(self) -> Decimal:
        """Return the price as it is now, unless the person has changed it."""
        typed: Decimal = self.cleaned_data["price"]
        is_kept = self.instance.pk is not None and "price" not in self.changed_data
        return self.instance.price if is_kept else typed
