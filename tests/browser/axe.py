"""Checks a page with axe-core."""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.browsers import THEMES

OPTIONS: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, and off by default
    "resultTypes": ["violations"],
}
# The rules whose result depends on colours.
OPTIONS_OF_COLOURS: dict[str, Any] = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
# Sheets rise out of nothing, and Django's buttons fade from one theme's colours to the other's. An
# endless animation cannot be finished.
END_MOVEMENTS = """() => document.getAnimations()
    .filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime))
    .forEach((each) => each.finish())"""
RUN = "async (options) => (await axe.run(options)).violations"


def accessibility_violations(page: Page) -> list[str]:
    """Return the rules that the page violates, each with the violating elements."""
    return _run(page, OPTIONS)


def violations_in_each_theme(page: Page) -> list[str]:
    """Return what the page violates in light and in dark, each with its theme.

    The themes differ in colours alone, so the second is checked by the rules of colours.
    """
    found = []
    for theme, options in zip(THEMES, (OPTIONS, OPTIONS_OF_COLOURS), strict=True):
        set_theme(page, theme)
        found += [f"{theme}: {each}" for each in _run(page, options)]
    return found


def set_theme(page: Page, theme: Literal["light", "dark"]) -> None:
    """Show the page in a theme, in the colours that it has after the change."""
    page.emulate_media(color_scheme=theme)
    page.evaluate(END_MOVEMENTS)


def _run(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate(END_MOVEMENTS)
    violations = []
    for violation in page.evaluate(RUN, options):
        elements = ", ".join(str(node["target"]) for node in violation["nodes"])
        violations.append(f"{violation['id']}: {violation['help']}: {elements}")
    return violations
