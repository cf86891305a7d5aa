"""An accent colour is refused unless it can be read."""

from itertools import product

import pytest
from django.core.exceptions import ValidationError

from orders.colours import BLACK, WHITE, contrast, text_on
from orders.validators import validate_accent

CHANNELS = [f"{value:02x}" for value in range(0, 256, 15)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#ffffff", "#000000", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
        ("#7a3412", "#7a3412", 1.0),
    ],
)
def test_the_ratio_is_that_of_wcag_whichever_comes_first(
    one: str, other: str, expected: float
) -> None:
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == expected


def test_the_text_that_goes_with_any_colour_can_be_read_on_it() -> None:
    colours = ["#" + "".join(channels) for channels in product(CHANNELS, repeat=3)]

    assert min(contrast(colour, text_on(colour)) for colour in colours) >= 4.5
    assert (text_on("#1a1a1a"), text_on("#ffee00")) == (WHITE, BLACK)


@pytest.mark.parametrize("colour", ["#7a3412", "#000000", "#0b57d0", "#767676"])
def test_a_colour_that_white_text_can_be_read_on_is_taken(colour: str) -> None:
    validate_accent(colour)


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#777777", "4.4:1"), ("#ffcc00", "1.5:1"), ("#ffffff", "1.0:1")]
)
def test_a_colour_that_is_too_light_is_refused_with_its_ratio(colour: str, ratio: str) -> None:
    with pytest.raises(ValidationError, match=ratio):
        validate_accent(colour)


@pytest.mark.parametrize("text", ["", "red", "7a3412", "#7A3412", "#7a341", "#7a34122", "#7a341g"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="six digits or letters"):
        validate_accent(text)
