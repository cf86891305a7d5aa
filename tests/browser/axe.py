"""Checks a page with axe-core."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, and off by default
    "resultTypes": ["violations"],
}


def accessibility_violations(page: Page) -> list[str]:
    """Return the rules that the page violates, each with the violating elements."""
    violations = []
    for violation in Axe().run(page, options=OPTIONS).response["violations"]:
        elements = ", ".join(str(node["target"]) for node in violation["nodes"])
        violations.append(f"{violation['id']}: {violation['help']}: {elements}")
    return violations
