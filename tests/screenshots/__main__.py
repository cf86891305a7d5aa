"""`make screenshots`: takes pictures of the pages of customers and staff.

Every state of the customers' pages on every screen, light and dark, in English, and in Swedish on
the phones; each page of the back office in every width, theme and language; into
.local/screenshots/, and the pictures of the README into docs/images/. With ONLY=staff those of the
back office alone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time

from playwright.sync_api import Browser, Page

from seqrshop.local import ROOT, orphans
from seqrshop.local.check import ensure_programs
from seqrshop.local.servers import run_servers
from tests.browser.browsers import (
    PHONE,
    SIZES,
    SMALL_PHONE,
    THEMES,
    new_browser_context,
    running_chromium,
)
from tests.browser.customer import Customer
from tests.browser.stack import Stack, running_stack
from tests.browser.states import STATES, go_to
from tests.screenshots import backoffice, readme

PICTURES = ROOT / ".local" / "screenshots"
LANGUAGES = {"en": "en-GB", "sv": "sv-SE"}


def main() -> int:
    """Take all pictures; return the exit code."""
    began = time.monotonic()
    if not ensure_programs():
        return 1
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "screenshots-run")
    shutil.rmtree(PICTURES, ignore_errors=True)
    with run_servers(folder, durable=False) as servers:
        given = {
            "DATABASE_URL": servers.database_url,
            "MIGRATION_DATABASE_URL": servers.migration_database_url,
            "REDIS_URL": servers.redis_url,
        }
        with running_stack(folder, given) as stack, running_chromium() as chromium:
            password = json.loads((folder / "demo.json").read_text())["staff_password"]
            backoffice.take(stack, chromium, password, PICTURES / "admin")
            is_all = os.environ.get("ONLY") != "staff"
            for language in LANGUAGES if is_all else ():
                _take_all(stack, chromium, language)
    if is_all:
        readme.refresh(PICTURES)
    shutil.rmtree(folder, ignore_errors=True)
    taken = len(list(PICTURES.rglob("*.png")))
    sys.stdout.write(f"{taken} pictures in {PICTURES} after {time.monotonic() - began:.0f} s\n")
    return 0


def _take_all(stack: Stack, chromium: Browser, language: str) -> None:
    context = new_browser_context(chromium, locale=LANGUAGES[language])
    customer = Customer(stack, context.new_page())
    for state in STATES:
        go_to(customer, state)
        _take(customer.page, language, state)
    customer.reset()
    context.close()


def _take(page: Page, language: str, state: str) -> None:
    sizes = SIZES if language == "en" else {"320x480": SMALL_PHONE, "390x844": PHONE}
    for name, size in sizes.items():  # the widest last: it shows no sheets
        page.set_viewport_size(size)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.screenshot(
                path=PICTURES / f"{name}-{theme}-{language}" / f"{state}.png",
                animations="disabled",  # shows the end of each animation
            )


if __name__ == "__main__":
    sys.exit(main())
