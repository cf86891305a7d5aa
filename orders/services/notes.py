"""A customer's note, as the kitchen gets it."""

import unicodedata

# They join letters, and the parts of one emoji.
_JOINERS = "\u200c\u200d"
# Control characters, those that turn the direction of a text, and halves of characters.
_REMOVED_CATEGORIES = ("Cc", "Cf", "Cs")


def clean_note(text: str) -> str:
    """Return a note on one line, without control characters; emoji are kept."""
    characters = (" " if each.isspace() else each for each in text)
    kept = (
        each
        for each in characters
        if each in _JOINERS or unicodedata.category(each) not in _REMOVED_CATEGORIES
    )
    return " ".join("".join(kept).split())
