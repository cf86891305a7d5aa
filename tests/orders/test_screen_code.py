"""Codes on a screen: what a page draws of them."""

import re

from orders.screen_code import drawing_of


def test_drawing_has_no_border() -> None:
    size, path = drawing_of("HTTP://SEQR.SE/R1001")

    assert size == 21
    assert path.startswith("M0 0h7v1")
    assert max(int(row) for row in re.findall(r"M\d+ (\d+)", path)) == size - 1
