"""Lists the languages of the pages: English, and each that has a folder of translations."""

from pathlib import Path

from babel import Locale
from django.utils.translation import to_language, to_locale


def languages_in(folder: Path) -> list[tuple[str, str]]:
    """Return the code and own name of each language, `("sv", "Svenska")`, sorted by name.

    English has no folder, since the texts in the code are English.
    """
    compiled = folder.glob("*/LC_MESSAGES/django.mo")
    codes = {"en"} | {to_language(path.parent.parent.name) for path in compiled}
    return sorted(((code, _own_name(code)) for code in codes), key=lambda language: language[1])


def _own_name(code: str) -> str:
    name = Locale.parse(to_locale(code)).get_display_name() or code
    return name[0].upper() + name[1:]
