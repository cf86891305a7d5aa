"""Draws the icons of the shops' web app: `python -m seqrshop.local.icons` writes the PNG files.

They repeat icon.svg, a cup on the default accent, whose coordinates are those of a square of 32.
"""

from __future__ import annotations

from math import cos, pi, sin

from PIL import Image, ImageDraw

from orders.colours import DEFAULT_ACCENT, WHITE
from seqrshop.local import ROOT

FOLDER = ROOT / "seqrshop" / "storefront" / "static" / "storefront"
UNITS = 32  # of the drawing's square
CORNER_UNITS = 7
LINE_UNITS = 2
OVERSAMPLING = 8
ARC_POINTS = 24
# By file: its size in pixels, and whether it fills its square, for phones that cut it themselves.
# The cup is within the circle of 80 % that they leave of a maskable icon.
ICONS = {
    "icon-180.png": (180, True),
    "icon-192.png": (192, False),
    "icon-512.png": (512, False),
    "icon-maskable-512.png": (512, True),
}

Points = list[tuple[float, float]]


def main() -> None:
    """Write all icons."""
    for name, (size, is_square) in ICONS.items():
        draw(size, is_square=is_square).quantize(32).save(FOLDER / name, optimize=True)


def draw(size: int, *, is_square: bool) -> Image.Image:
    """Return the icon, with or without round corners."""
    unit = size * OVERSAMPLING / UNITS
    image = Image.new("RGBA", (size * OVERSAMPLING,) * 2)
    canvas = ImageDraw.Draw(image)
    edge = size * OVERSAMPLING - 1
    corner = 0 if is_square else CORNER_UNITS * unit
    canvas.rounded_rectangle((0, 0, edge, edge), corner, fill=DEFAULT_ACCENT)
    radius = LINE_UNITS * unit / 2
    for stroke in _strokes():
        points = [(x * unit, y * unit) for x, y in stroke]
        canvas.line(points, fill=WHITE, width=round(2 * radius), joint="curve")
        for x, y in points:  # round caps and joins
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=WHITE)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _strokes() -> list[Points]:
    """Return the lines of the cup, its handle and its saucer."""
    cup = [
        (9.0, 11.0),
        (20.0, 11.0),
        *_arc(15, 17, 5, 0, pi / 2),
        *_arc(14, 17, 5, pi / 2, pi),
        (9.0, 11.0),
    ]
    handle = [(20.0, 12.5), *_arc(22, 15, 2.5, -pi / 2, pi / 2), (20.0, 17.5)]
    saucer = [(8.0, 24.5), (22.0, 24.5)]
    return [cup, handle, saucer]


def _arc(x: float, y: float, radius: float, start: float, end: float) -> Points:
    angles = (start + (end - start) * step / ARC_POINTS for step in range(ARC_POINTS + 1))
    return [(x + radius * cos(angle), y + radius * sin(angle)) for angle in angles]


if __name__ == "__main__":
    main()
