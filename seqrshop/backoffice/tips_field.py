"""The tips that a shop offers, typed as a list of numbers."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import CharField
from django.utils.translation import gettext_lazy as _

from orders.models.shop import MAX_TIP_CHOICES, MAX_TIP_PERCENTAGE


class TipsField(CharField):
    """Percentages such as “5, 10”, in ascending order; empty for a shop that takes no tips."""

    def prepare_value(self, value: Any) -> Any:
        """Return the stored percentages as a person types them."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the typed percentages. Raises ValidationError."""
        words = re.split(r"[\s,;%]+", super().to_python(value) or "")
        typed = {word for word in words if word}
        if not all(re.fullmatch(r"[0-9]{1,3}", word) for word in typed):
            raise self._invalid()
        percentages = sorted({int(word) for word in typed})
        if len(percentages) > MAX_TIP_CHOICES or not all(
            1 <= each <= MAX_TIP_PERCENTAGE for each in percentages
        ):
            raise self._invalid()
        return percentages

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the percentages, and not how they were typed."""
        try:
            return bool((initial or []) != self.to_python(data))
        except ValidationError:
            return True

    def _invalid(self) -> ValidationError:
        return ValidationError(
            _("Enter at most %(n)d whole numbers from 1 to %(most)d, such as 5, 10."),
            params={"n": MAX_TIP_CHOICES, "most": MAX_TIP_PERCENTAGE},
        )
