"""The reason of a refund, as staff read it."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from payments.models import Refund, RefundReason


@pytest.mark.parametrize(
    ("code", "typed", "language", "text"),
    [
        (RefundReason.SOLD_OUT, "", "en", "Sold out"),
        (RefundReason.SOLD_OUT, "no buns", "en", "Sold out: no buns"),
        (RefundReason.SOLD_OUT, "no buns", "sv", "Slut: no buns"),
        (RefundReason.OTHER, "a friend", "en", "a friend"),
    ],
)
def test_reason_has_its_label_and_what_staff_typed(
    code: RefundReason, typed: str, language: str, text: str
) -> None:
    with override(language):
        assert Refund(reason_code=code, reason=typed).reason_text == text
