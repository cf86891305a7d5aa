"""The pictures of the README, reduced to fit a repository."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from seqrshop.local import ROOT

FOLDER = ROOT / "docs" / "images"
COLOURS = 256  # the most that a palette can hold

# The picture that each is made from.
SOURCES = {
    "order": "390x844-light-en/menu-chosen",
    "paying": "390x844-light-en/order-awaiting-payment",
    "paid": "390x844-light-en/order-paid",
    "order-dark": "390x844-dark-sv/menu-chosen",
    "desktop": "1280x800-light-en/menu-chosen",
    "code": "1280x800-light-en/order-no-app",
    "admin": "admin/1280-light-en/order",
}


def refresh(pictures: Path) -> None:
    """Make the README's pictures from the pictures in the folder."""
    for name, source in SOURCES.items():
        with Image.open(pictures / f"{source}.png") as picture:
            reduced = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            reduced.save(FOLDER / f"{name}.png", optimize=True)
