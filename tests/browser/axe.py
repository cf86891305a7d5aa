"""What axe-core has to say about a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, and off by itself
    "resultTypes": ["violations"],
}


def complaints(page: Page) -> list[str]:
    """Return the rules that the page breaks, each with the elements that break it."""
    found = []
    for broken in Axe().run(page, options=OPTIONS).response["violations"]:
        where = ", ".join(str(node["target"]) for node in broken["nodes"])
        found.append(f"{broken['id']}: {broken['help']}: {where}")
    return found
