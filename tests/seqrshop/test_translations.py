"""Every user-visible text is translated into every language, and compiled."""

import ast
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

FOLDERS = sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES"))
in_each_language = pytest.mark.parametrize(
    "folder", FOLDERS, ids=[folder.parent.name for folder in FOLDERS]
)
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
# In a script's string: words after each other, or one word that begins with a capital.
FOR_PEOPLE = re.compile(r"^[A-ZÅÄÖ][a-zåäö]+\b(?!-)|^[A-Za-zåäöÅÄÖ]+,? [a-zåäö…]+[ .!?a-zåäö…]*$")
HEADER_NAMES = {"Accept"}
IN_A_TEMPLATE = re.compile(r"""gettext\(u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


def texts_in_the_code() -> set[str]:
    """Return every text that is marked for translation."""
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
        yield from forms(message)  # the singular and the plural


def test_swedish_is_among_the_languages() -> None:
    assert "sv" in [folder.parent.name for folder in FOLDERS]


@in_each_language
def test_every_text_is_translated(folder: Path) -> None:
    with (folder / "django.po").open("rb") as file:
        written = [message for message in read_po(file) if message.id]

    assert texts_in_the_code() - {text for each in written for text in forms(each.id)} == set()
    assert [each.id for each in written if each.fuzzy or not all(forms(each.string))] == []


@in_each_language
def test_compiled_translations_match_source(folder: Path) -> None:
    with (folder / "django.po").open("rb") as po, (folder / "django.mo").open("rb") as mo:
        written = {_id(message.id): forms(message.string) for message in read_po(po)}
        compiled = {_id(message.id): forms(message.string) for message in read_mo(mo)}

    written.pop("", None)
    compiled.pop("", None)
    assert compiled == written


def test_no_script_has_user_visible_text() -> None:
    found = {
        f"{path.name}: {text}"
        for folder in settings.STATICFILES_DIRS
        for path in folder.rglob("*.js")
        for text in _texts_in_a_script(path.read_text())
    }

    assert found == set()


@pytest.mark.parametrize(
    "script",
    [
        'showNotice("Something went wrong.");',
        "heading.textContent = `Order ${number}`;",
        "label = 'table four'; // a comment",
        'button.setAttribute("aria-label", "Cancel");',
    ],
)
def test_text_in_script_is_detected(script: str) -> None:
    assert _texts_in_a_script(script)


def test_identifiers_are_not_detected_as_text() -> None:
    script = """
        // Words in a comment, "quoted ones" too.
        import { translate } from "./page.js";
        const headers = { Accept: "application/json", "X-SEQR-Token": token };
        this.#find(".bar [type=submit]").disabled = cookie.split("; ");
        response.headers.get("Retry-After") || translate("noConnection") || "#main > section";
    """

    assert _texts_in_a_script(script) == []


def _texts_in_a_script(code: str) -> list[str]:
    """Return the strings that look user-visible: several words, or one with a capital."""
    bare = re.sub(r"/[*].*?[*]/|(?m:^\s*//.*$)|(?m:\s//\s.*$)", "", code, flags=re.DOTALL)
    strings = re.findall(r""""((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`([^`]*)`""", bare)
    texts = [re.sub(r"\$\{[^}]*\}", "…", "".join(each)) for each in strings]
    return [text for text in texts if text not in HEADER_NAMES and FOR_PEOPLE.search(text)]


def _id(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else text[0]


def forms(text: str | Sequence[str] | None) -> list[str]:
    """Return the text, or its plural forms."""
    return [text] if isinstance(text, str) else list(text or [""])


def test_every_model_and_field_has_a_name() -> None:
    models = [
        each for app in ("orders", "payments") for each in apps.get_app_config(app).get_models()
    ]
    names = {each.__name__: str(each._meta.verbose_name) for each in models}
    for each in models:
        for field in each._meta.fields:
            names[f"{each.__name__}.{field.name}"] = str(field.verbose_name)

    assert [where for where, name in names.items() if name in ("", "None")] == []
