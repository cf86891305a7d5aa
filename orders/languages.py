"""The language in which a person reads what is made now."""

from django.utils.translation import get_language

DEFAULT_LANGUAGE = "en"


def current_language() -> str:
    """Return the code of the active language; English where translation is switched off."""
    return get_language() or DEFAULT_LANGUAGE
