"""Which colours can be read on which, by the contrast ratio of WCAG 2: from 1 to 21."""

from colorsys import hls_to_rgb, rgb_to_hls

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3: what text of any size needs
WHITE, BLACK = "#ffffff", "#000000"
DEFAULT_ACCENT = "#7a3412"

# What the pages lie on, by day and in dark mode; the style sheet has the same.
DAY, NIGHT = "#f6efe5", "#1a1411"
NIGHT_CONTRAST = 7.0  # leaves room for what lies on the page, which is a little lighter than it
_MOST_SATURATION_AT_NIGHT = 0.75  # more of it glares on a dark page


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours such as #7a3412."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(ground: str) -> str:
    """Return black or white, whichever can be read better on this colour."""
    return max(WHITE, BLACK, key=lambda text: contrast(text, ground))


def by_day(accent: str) -> str:
    """Return the accent, as much darker as text of it needs to be read on the page."""
    hue, lightness, saturation = _hls(accent)
    while contrast(accent, DAY) < LEAST_CONTRAST:
        lightness = max(0.0, lightness - 0.01)
        accent = _hex(hue, lightness, saturation)
    return accent


def by_night(accent: str) -> str:
    """Return the accent as it looks in dark mode: of the same hue, and light enough to be read."""
    hue, lightness, saturation = _hls(accent)
    saturation = min(saturation, _MOST_SATURATION_AT_NIGHT)
    while contrast(accent, NIGHT) < NIGHT_CONTRAST:
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
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
