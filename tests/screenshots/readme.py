"""The few pictures that the README shows, small enough for a repository."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from seqrshop.local import ROOT

FOLDER = ROOT / "docs" / "images"
COLOURS = 256  # as many as a palette holds

# What each is made of.
SHOWN = {
    "order": "390x844-light-en/menu-chosen",
    "paying": "390x844-light-en/order-awaiting-payment",
    "paid": "390x844-light-en/order-paid",
    "order-dark": "390x844-dark-sv/menu-chosen",
    "desktop": "1280x800-light-en/menu-chosen",
    "code": "1280x800-light-en/order-no-app",
    "admin": "admin/order",
}


def refresh(pictures: Path) -> None:
    """Make them anew from what was taken."""
    for name, source in SHOWN.items():
        with Image.open(pictures / f"{source}.png") as taken:
            few = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(FOLDER / f"{name}.png", optimize=True)
