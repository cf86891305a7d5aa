"""The font of the PDF documents.

A document embeds the letters that it uses of Noto Sans, which has those of all European languages
and of Vietnamese. Other scripts and emoji are not in the font: each of their characters becomes the
replacement character.
"""

import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF

FONT = "Noto Sans"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
FONT_FILES = {
    "": Path(__file__).parent / "fonts/NotoSans-Regular.ttf",
    "B": Path(__file__).parent / "fonts/NotoSans-Bold.ttf",
}


def add_font(pdf: FPDF) -> None:
    """Add the font, regular and bold, to a document."""
    for style, path in FONT_FILES.items():
        pdf.add_font(FONT, style, path)


def printable(text: str) -> str:
    """Return the text with what the font lacks replaced, without invisible characters."""
    return "".join(
        _printable_character(character)
        for character in unicodedata.normalize("NFC", text)
        if not _is_invisible(character)
    )


def _is_invisible(character: str) -> bool:
    """Return whether it joins or varies its neighbours, and nothing is lost without it."""
    category = unicodedata.category(character)
    is_of_neighbour = category == "Cf" or (category == "Mn" and ord(character) >= 0xFE00)
    return is_of_neighbour or (category == "Cc" and character != "\n")


def _printable_character(character: str) -> str:
    for form in (character, unicodedata.normalize("NFKD", character)[0]):
        if form == "\n" or ord(form) in _font_characters():
            return form
    return REPLACEMENT


@cache
def _font_characters() -> frozenset[int]:
    """Return the characters that the font has in each style."""
    tables = [TTFont(path, lazy=True).getBestCmap() for path in FONT_FILES.values()]
    return frozenset.intersection(*(frozenset(table) for table in tables))
