"""`make walk`: a customer's half hour in Chromium, in each language on each screen.

Every stage of the walk at 320 × 480, 390 × 844 and 1280 × 800, in English and Swedish. Prints each
fault, and saves a picture of each page in .local/walk/. `STAGES=following,refunded` walks these
stages alone.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Error, ViewportSize, expect

from seqrshop.local import ROOT, orphans
from seqrshop.local.check import ensure_programs
from seqrshop.local.servers import run_servers
from tests.browser.browsers import DESKTOP, SIZES, new_browser_context, running_chromium
from tests.browser.stack import Stack, running_stack
from tests.walk.shop import well_equipped
from tests.walk.stages import STAGES
from tests.walk.walker import Walker

PICTURES = ROOT / ".local" / "walk"
LOCALES = {"en": "en-GB", "sv": "sv-SE"}
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
STEP_MS = 15_000


@dataclass(frozen=True)
class Look:
    """A language and a window, and the folder of their pictures."""

    language: str
    size: ViewportSize
    folder: Path


def main() -> int:
    """Walk all stages; return the exit code, 1 if there is a fault."""
    began = time.monotonic()
    if not ensure_programs():
        return 1
    chosen = os.environ.get("STAGES", "").split(",") if os.environ.get("STAGES") else list(STAGES)
    if unknown := set(chosen) - set(STAGES):
        sys.stderr.write(f"STAGES has {', '.join(unknown)}: choose of {', '.join(STAGES)}.\n")
        return 2
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "walk-run")
    shutil.rmtree(PICTURES, ignore_errors=True)
    expect.set_options(timeout=STEP_MS)
    faults: list[str] = []
    with run_servers(folder, durable=False) as servers:
        given = {
            "DATABASE_URL": servers.database_url,
            "MIGRATION_DATABASE_URL": servers.migration_database_url,
            "REDIS_URL": servers.redis_url,
        }
        with (
            running_stack(folder, given) as stack,
            running_chromium() as chromium,
            well_equipped(stack),
        ):
            for language, (name, size) in product(LOCALES, SIZES.items()):
                look = Look(language, size, PICTURES / f"{name}-{language}")
                for stage in chosen:
                    found = [
                        f"{name} {language} {stage}: {each}"
                        for each in walk(stack, chromium, stage, look)
                    ]
                    sys.stdout.write("".join(f"{fault}\n" for fault in found))
                    sys.stdout.flush()
                    faults += found
    shutil.rmtree(folder, ignore_errors=True)
    taken = len(list(PICTURES.rglob("*.png")))
    sys.stdout.write(
        f"{taken} pages inspected, {len(faults)} faults, {time.monotonic() - began:.0f} s;"
        f" pictures in {PICTURES}\n"
    )
    return 1 if faults else 0


def walk(stack: Stack, chromium: Browser, stage: str, look: Look) -> list[str]:
    """Walk one stage in a new browser; return the faults."""
    device = {} if look.size == DESKTOP else {"user_agent": ANDROID}
    context = new_browser_context(
        chromium, locale=LOCALES[look.language], viewport=look.size, **device
    )
    context.set_default_timeout(STEP_MS)
    folder = look.folder / stage
    walker = Walker(stack, context.new_page(), look.language, folder)
    try:
        STAGES[stage](walker)
    except (AssertionError, Error, TimeoutError) as error:
        walker.problems.append(f"stopped: {str(error)[:600]}")
        walker.page.screenshot(path=folder / "stopped.png")
    finally:
        context.close()
    return walker.problems


if __name__ == "__main__":
    sys.exit(main())
