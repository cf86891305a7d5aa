"""The language in which a person reads what is made now, and names in both languages."""

from typing import Protocol

from django.utils.translation import get_language

DEFAULT_LANGUAGE = "en"


def current_language() -> str:
    """Return the code of the active language; English where translation is switched off."""
    return get_language() or DEFAULT_LANGUAGE


class _HasNames(Protocol):
    @property
    def name_sv(self) -> str: ...

    @property
    def name_en(self) -> str: ...


class Named:
    """What has a name in Swedish, `name_sv`, and one in English, `name_en`."""

    def name_in(self: _HasNames, language: str) -> str:
        """Return the name in Swedish for "sv", else in English."""
        return self.name_sv if language == "sv" else self.name_en


class _HasNotes(Protocol):
    @property
    def note_sv(self) -> str: ...

    @property
    def note_en(self) -> str: ...


class Noted:
    """What has a note for customers in Swedish, `note_sv`, and in English, `note_en`."""

    def note_in(self: _HasNotes, language: str) -> str:
        """Return the note in Swedish for "sv", else in English, or in the language it has."""
        return in_either(self.note_sv, self.note_en, language)


def in_either(swedish: str, english: str, language: str) -> str:
    """Return the Swedish text for "sv", else the English one, or the one that is not empty."""
    return (swedish or english) if language == "sv" else (english or swedish)
