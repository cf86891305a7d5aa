"""Checks of what a person sees and hears: it is on top, whole, and in one language."""

from __future__ import annotations

import gettext
import re
from functools import cache
from pathlib import Path

from playwright.sync_api import Locator, Page

from seqrshop.local import ROOT

EXPRESSION = Path(__file__).with_suffix(".js").read_text().rstrip().removesuffix(";")
CATALOGUE = ROOT / "locale" / "sv" / "LC_MESSAGES" / "django.mo"
PLACEHOLDER = re.compile(r"\{\}|%\(\w+\)[sd]")
MIN_LETTERS = 4  # of a sentence with a placeholder, without which it fits anything


def cover_of(target: Locator) -> str:
    """Return what covers the middle of an element, or "" if it is on top."""
    target.scroll_into_view_if_needed()
    cover: str = target.evaluate(f"element => {EXPRESSION}.coverOf(element)")
    return cover


def cut_texts(page: Page) -> list[str]:
    """Return the elements that hide a part of their own text."""
    found: list[str] = page.evaluate(f"{EXPRESSION}.cutTexts()")
    return found


def broken_words(page: Page) -> list[str]:
    """Return the words that a line's end breaks."""
    found: list[str] = page.evaluate(f"{EXPRESSION}.brokenWords()")
    return found


def texts_in_another_language(page: Page, language: str) -> list[str]:
    """Return the texts of the page that the catalogue has in the other language alone."""
    own, foreign = _sentences(language)
    texts: list[str] = page.evaluate(f"{EXPRESSION}.texts()")
    return sorted(
        {text for text in texts if _fits(foreign, text) and not _fits(own, text)},
    )


def _fits(sentences: tuple[frozenset[str], tuple[re.Pattern[str], ...]], text: str) -> bool:
    whole, with_parts = sentences
    return text in whole or any(pattern.fullmatch(text) for pattern in with_parts)


@cache
def _sentences(
    language: str,
) -> tuple[
    tuple[frozenset[str], tuple[re.Pattern[str], ...]],
    tuple[frozenset[str], tuple[re.Pattern[str], ...]],
]:
    """Return the sentences of a language and of the other one, whole and with placeholders."""
    with CATALOGUE.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    english, swedish = set(), set()
    for key, translation in catalogue.items():
        source = key[0] if isinstance(key, tuple) else key
        if source and source != translation:
            english.add(source)
            swedish.add(translation)
    ours, theirs = (english, swedish) if language == "en" else (swedish, english)
    return _patterns(ours), _patterns(theirs - ours)


def _patterns(sentences: set[str]) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    whole = frozenset(each for each in sentences if not PLACEHOLDER.search(each))
    patterns = []
    for each in sentences - whole:
        parts = PLACEHOLDER.split(each)
        if max(len(re.findall(r"[^\W\d_]", part)) for part in parts) >= MIN_LETTERS:
            patterns.append(re.compile(".+".join(re.escape(part) for part in parts)))
    return whole, tuple(patterns)
