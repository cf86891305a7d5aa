"""Every text that a person may read is in Swedish, and compiled."""

import ast
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

MESSAGES = Path(settings.LOCALE_PATHS[0]) / "sv" / "LC_MESSAGES"
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
IN_A_TEMPLATE = re.compile(r"""gettext\(u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


def texts_in_the_code() -> set[str]:
    """Return every text that is marked as one to translate."""
    found: set[str] = set()
    for folder in ("seqrshop", "orders", "payments"):
        for path in (settings.BASE_DIR / folder).rglob("*.py"):
            if "sandbox" not in path.parts:  # SEQR's own pages, in English
                found |= set(_texts_of(path.read_text()))
    for path in (settings.BASE_DIR / "templates").rglob("*.*"):
        calls = IN_A_TEMPLATE.findall(templatize(path.read_text(), origin=str(path)))
        found |= {ast.literal_eval(call) for call in calls}
    return found


def _texts_of(code: str) -> Iterator[str]:
    for _, message, _, _ in extract("python", BytesIO(code.encode()), KEYWORDS):
        yield message if isinstance(message, str) else message[0]


def test_every_text_is_in_swedish() -> None:
    with (MESSAGES / "django.po").open("rb") as file:
        written = {_id(message.id): message for message in read_po(file) if message.id}

    assert texts_in_the_code() - written.keys() == set()
    assert [each.id for each in written.values() if each.fuzzy or not all(forms(each.string))] == []


def test_what_is_compiled_is_what_is_written() -> None:
    with (MESSAGES / "django.po").open("rb") as po, (MESSAGES / "django.mo").open("rb") as mo:
        written = {_id(message.id): forms(message.string) for message in read_po(po)}
        compiled = {_id(message.id): forms(message.string) for message in read_mo(mo)}

    written.pop("", None)
    compiled.pop("", None)
    assert compiled == written


def _id(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else text[0]


def forms(text: str | Sequence[str] | None) -> list[str]:
    """Return the one text, or the forms of a text with a number in it."""
    return [text] if isinstance(text, str) else list(text or [""])
