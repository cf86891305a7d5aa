"""Legible colours, by the contrast ratio of WCAG 2: from 1 to 21."""

from colorsys import hls_to_rgb, rgb_to_hls

MIN_CONTRAST = 4.5  # WCAG 2.2, 1.4.3: for text of any size
WHITE, BLACK = "#ffffff", "#000000"
DEFAULT_ACCENT = "#7a3412"

# The background of the pages, light and dark, as in the style sheet.
LIGHT_BACKGROUND, DARK_BACKGROUND = "#f6efe5", "#1a1411"
MIN_DARK_CONTRAST = 7.0  # more than the minimum, since cards on the page are lighter than it
_MAX_DARK_SATURATION = 0.75  # more of it glares on a dark page


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours such as #7a3412."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(background: str) -> str:
    """Return black or white, whichever has the higher contrast with this colour."""
    return max(WHITE, BLACK, key=lambda text: contrast(text, background))


def accent_on_light(accent: str) -> str:
    """Return the accent, darkened until its text is legible on a light page."""
    hue, lightness, saturation = _hls(accent)
    while contrast(accent, LIGHT_BACKGROUND) < MIN_CONTRAST:
        lightness = max(0.0, lightness - 0.01)
        accent = _hex(hue, lightness, saturation)
    return accent


def accent_on_dark(accent: str) -> str:
    """Return the accent in the same hue, lightened until its text is legible on a dark page."""
    hue, lightness, saturation = _hls(accent)
    saturation = min(saturation, _MAX_DARK_SATURATION)
    while contrast(accent, DARK_BACKGROUND) < MIN_DARK_CONTRAST:
        lightness = min(1.0, lightness + 0.01)
        accent = _hex(hue, lightness, saturation)
    return accent


def _hls(colour: str) -> tuple[float, float, float]:
    return rgb_to_hls(*(channel / 255 for channel in _channels(colour)))


def _hex(hue: float, lightness: float, saturation: float) -> str:
    channels = hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
