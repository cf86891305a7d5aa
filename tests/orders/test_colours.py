"""Accent colours are legible, or refused."""

import re
from itertools import product

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from orders.colours import (
    BLACK,
    DARK_BACKGROUND,
    DEFAULT_ACCENT,
    LIGHT_BACKGROUND,
    MIN_CONTRAST,
    WHITE,
    accent_on_dark,
    accent_on_light,
    contrast,
    text_on,
)
from orders.validators import validate_accent

CHANNELS = [f"{value:02x}" for value in range(0, 256, 15)]
STYLE_SHEET = settings.BASE_DIR / "seqrshop" / "storefront" / "static" / "storefront" / "base.css"


def tokens(scheme: str) -> dict[str, str]:
    """Return the style sheet's colours by name in the "light" or the "dark" scheme."""
    sheet = STYLE_SHEET.read_text()
    light, dark = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    rules = light if scheme == "light" else light + dark
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", rules))


def every_accent() -> list[str]:
    """Return a wide sample of valid accents, with one at the limit."""
    colours = ["#" + "".join(channels) for channels in product(CHANNELS, repeat=3)]
    return [c for c in [*colours, "#767676"] if contrast(c, WHITE) >= MIN_CONTRAST]


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
def test_contrast_follows_wcag_in_either_order(one: str, other: str, expected: float) -> None:
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == expected


def test_text_colour_is_legible_on_every_colour() -> None:
    colours = ["#" + "".join(channels) for channels in product(CHANNELS, repeat=3)]

    assert min(contrast(colour, text_on(colour)) for colour in colours) >= 4.5
    assert (text_on("#1a1a1a"), text_on("#ffee00")) == (WHITE, BLACK)


def test_every_accent_is_legible_in_light_and_dark_scheme() -> None:
    light, dark = tokens("light"), tokens("dark")

    for accent in every_accent():
        assert contrast(accent_on_light(accent), light["background"]) >= MIN_CONTRAST, accent
        assert contrast(accent_on_light(accent), light["paper"]) >= MIN_CONTRAST, accent
        for surface in (dark["background"], dark["paper"], dark["on-button"]):
            assert contrast(accent_on_dark(accent), surface) >= MIN_CONTRAST, accent


def test_legible_accent_is_unchanged() -> None:
    assert accent_on_light("#7a3412") == "#7a3412"
    assert accent_on_light("#767676") == "#6c6c6c"
    assert accent_on_dark("#7a3412") == "#e78a5d"


@pytest.mark.parametrize(
    ("scheme", "background"), [("light", LIGHT_BACKGROUND), ("dark", DARK_BACKGROUND)]
)
def test_style_sheet_has_the_backgrounds_of_the_accents(scheme: str, background: str) -> None:
    assert tokens(scheme)["background"] == background
    assert tokens(scheme)["accent"] == DEFAULT_ACCENT
    assert tokens(scheme)["accent-day"] == accent_on_light(DEFAULT_ACCENT)
    assert tokens(scheme)["accent-night"] == accent_on_dark(DEFAULT_ACCENT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_on_every_surface(scheme: str) -> None:
    colours = tokens(scheme)

    for name, text in product(("background", "paper"), ("text", "text-muted", "success", "danger")):
        assert contrast(colours[text], colours[name]) >= MIN_CONTRAST, (text, name)
    assert contrast(colours["text"], colours["notice"]) >= MIN_CONTRAST
    assert contrast(colours["text-muted"], colours["divider"]) >= MIN_CONTRAST  # disabled button
    for name in ("background", "paper"):
        assert contrast(colours["border"], colours[name]) >= 3  # WCAG 2.2, 1.4.11


@pytest.mark.parametrize("colour", ["#7a3412", "#000000", "#0b57d0", "#767676"])
def test_accent_with_enough_contrast_is_valid(colour: str) -> None:
    validate_accent(colour)


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#777777", "4.4:1"), ("#ffcc00", "1.5:1"), ("#ffffff", "1.0:1")]
)
def test_too_light_accent_is_refused_with_its_ratio(colour: str, ratio: str) -> None:
    with pytest.raises(ValidationError, match=ratio):
        validate_accent(colour)


@pytest.mark.parametrize("text", ["", "red", "7a3412", "#7A3412", "#7a341", "#7a34122", "#7a341g"])
def test_malformed_colour_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="six digits or letters"):
        validate_accent(text)
