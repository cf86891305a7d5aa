"""Which colours can be read on which, by the contrast ratio of WCAG 2: from 1 to 21."""

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3: what text of any size needs
WHITE, BLACK = "#ffffff", "#000000"
DEFAULT_ACCENT = "#7a3412"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours such as #7a3412."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(ground: str) -> str:
    """Return black or white, whichever can be read better on this colour."""
    return max(WHITE, BLACK, key=lambda text: contrast(text, ground))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
