"""How the cells of a menu's table are read: amounts, numbers, texts and lists."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from orders.menu_file.cells import (
    comparable,
    read_amount,
    read_boolean,
    read_choices,
    read_line,
    read_lines,
    read_names,
    read_whole,
    sentences,
)
from orders.models import Allergen

AMOUNT = "Enter an amount, such as 25 or 25.50."
WHOLE = "Enter a whole number."
ONE_LINE = "This text must be on one line."
NOT_SHOWN = "This text has characters that cannot be shown."


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_amount, "25", Decimal(25)),
        (read_amount, "25,5", Decimal("25.5")),
        (read_amount, "1 234\u00a0567.50", Decimal("1234567.50")),
        (read_amount, "12 %", Decimal(12)),
        (read_amount, "99999999", Decimal(99999999)),
        (read_whole, "1\u202f000", 1000),
        (read_whole, "999999999", 999999999),
        (read_line, "Bulle", "Bulle"),
        (read_lines, "En\r\nbulle\tmed\xa0socker", "En\r\nbulle\tmed\xa0socker"),
        *((read_boolean, text, True) for text in ("Yes", "JA", "true", "1", "x")),
        *((read_boolean, text, False) for text in ("no", "Nej", "FALSE", "0")),
        (read_choices(Allergen), "milk", ["milk"]),
        (read_choices(Allergen), "", []),
        (read_names, "Mjölk | Extras, hot\nSize||", ("Mjölk", "Extras, hot", "Size")),
    ],
)
def test_cell_is_read(read: Callable[[str], Any], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize("separator", [",", ";", "|", "\n", " , "])
def test_list_is_read_by_names_in_each_language_and_codes_in_its_own_order(separator: str) -> None:
    text = separator.join(["Milk", "ägg", "FISH", "", "milk"])

    assert read_choices(Allergen)(text) == [
        value for value in Allergen.values if value in ("milk", "eggs", "fish")
    ]


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        *((read_amount, text, AMOUNT) for text in ("", "-1", "1.234", "123456789", "1,", "٣", "%")),
        *((read_whole, text, WHOLE) for text in ("", "-1", "1.0", "1234567890", "٣")),
        *((read_line, text, ONE_LINE) for text in ("a\nb", "a\rb", "a\tb")),
        *((read_line, text, NOT_SHOWN) for text in ("a\0", "a\x7f")),
        *((read_lines, text, NOT_SHOWN) for text in ("a\0b", "\x08", "\x0b", "\x1f", "\x9f")),
        *((read_boolean, text, "Enter yes or no.") for text in ("", "2", "kanske")),
        (
            read_choices(Allergen),
            "milk, sand",
            "“sand” is not known here. Known are: "
            + ", ".join(str(label) for label in Allergen.labels)
            + ".",
        ),
    ],
)
def test_cell_that_cannot_be_read_is_refused_with_a_sentence(
    read: Callable[[str], Any], text: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        read(text)

    assert sentences(refused.value) == sentence


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (["milk", "eggs"], ["eggs", "milk"]),
        ("En\r\nbulle", "En\nbulle"),
        (" bulle\n", "bulle"),
        ("bul\0le", "bulle"),
    ],
)
def test_order_and_line_ends_make_no_difference(value: object, other: object) -> None:
    assert comparable(value) == comparable(other)


def test_letters_and_numbers_make_a_difference() -> None:
    assert comparable("Bulle") != comparable("bulle")
    assert comparable(["milk"]) != comparable(["eggs"])
    assert comparable(Decimal(1)) == Decimal(1)
