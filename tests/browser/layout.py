"""Whether a page fits its window, a thumb can press what is to be pressed, and focus is seen."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

LEAST_TARGET = 44  # CSS pixels, either way
SCRIPT = Path(__file__).with_suffix(".js").read_text()


def misfits(page: Page) -> list[str]:
    """Return what is cut, sticks out of the window, or is too small for a thumb."""
    found: list[str] = page.evaluate(f"{SCRIPT}.misfits({LEAST_TARGET})")
    return found


def focus_trouble(page: Page) -> str:
    """Return why one does not see what has the focus, or an empty text where one does."""
    found: str = page.evaluate(f"{SCRIPT}.focusTrouble()")
    return found
