"""Checks a page with axe-core."""

from __future__ import annotations

from typing import Any

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
# Django's buttons fade from one theme's colours to the other's in 150 ms.
ADMIN_FADE_MS = 300
RUN = "async (options) => (await axe.run(options)).violations"


def accessibility_violations(page: Page) -> list[str]:
    """Return the rules that the page violates, each with the violating elements."""
    return _run(page, OPTIONS)


def violations_in_each_theme(page: Page, *, fade_ms: int = 0) -> list[str]:
    """Return what the page violates in light and in dark, each with its theme.

    The themes differ in colours alone, so the second is checked by the rules of colours. The page
    is checked `fade_ms` milliseconds after a change of the theme.
    """
    found = []
    for theme, options in zip(THEMES, (OPTIONS, OPTIONS_OF_COLOURS), strict=True):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(fade_ms)
        found += [f"{theme}: {each}" for each in _run(page, options)]
    return found


def _run(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    violations = []
    for violation in page.evaluate(RUN, options):
        elements = ", ".join(str(node["target"]) for node in violation["nodes"])
        violations.append(f"{violation['id']}: {violation['help']}: {elements}")
    return violations
