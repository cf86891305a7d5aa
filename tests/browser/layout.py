"""Checks of a page's layout: it fits the window, targets fit a thumb, the focus is visible."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

MIN_TARGET_SIZE = 44  # CSS pixels, either way
EXPRESSION = Path(__file__).with_suffix(".js").read_text().rstrip().removesuffix(";")


def layout_faults(page: Page) -> list[str]:
    """Return the elements that are clipped, outside the window or too small to touch."""
    faults: list[str] = page.evaluate(f"{EXPRESSION}.layoutFaults({MIN_TARGET_SIZE})")
    return faults


def focus_fault(page: Page) -> str:
    """Return why the focused element is not visible as such, or "" if it is."""
    fault: str = page.evaluate(f"{EXPRESSION}.focusFault()")
    return fault
