"""Reads the texts of PDF documents, and where they are."""

from __future__ import annotations

import io
from typing import Any

from pypdf import PdfReader


def pages_of(document: bytes) -> list[list[str]]:
    """Return the lines of each page."""
    return [page.extract_text().split("\n") for page in PdfReader(io.BytesIO(document)).pages]


def placed_texts(document: bytes) -> list[str]:
    """Return each text of the first page after its place in points, its size and its weight."""
    found: list[str] = []

    def visit(text: str, _: Any, place: list[float], font: Any, size: float) -> None:
        if text.strip():
            weight = "bold" if font["/BaseFont"].endswith("Bold") else "    "
            found.append(f"{place[4]:.0f} {place[5]:.0f} {size:2.0f} {weight} {text.strip()}")

    PdfReader(io.BytesIO(document)).pages[0].extract_text(visitor_text=visit)
    return found
