"""Placements are sorted as people count, by a key that Python and PostgreSQL make alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from orders.codes.generate import save_qr_code
from orders.models import QrCode
from orders.models.qr_code import natural_key
from tests.factories import ShopFactory

PLACEMENTS = st.text(st.sampled_from("Ta 0129-"), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Table 2", "Table 10"),
        ("Table 9", "table 10"),
        ("Bar", "Table 1"),
        ("1-9", "1-10"),
        ("Table 2 left", "Table 10 left"),
    ],
)
def test_smaller_number_is_sorted_before_the_larger(first: str, second: str) -> None:
    assert natural_key(first) < natural_key(second)


class DatabaseKey(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(PLACEMENTS)
    def test_database_makes_the_same_key(self, placement: str) -> None:
        code = save_qr_code(ShopFactory.create(), placement, "", None)

        assert QrCode.objects.get(pk=code.pk).sort_key == natural_key(placement)
