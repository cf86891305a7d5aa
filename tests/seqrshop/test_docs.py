"""The documentation names paths that exist, and shows the rooms as they are."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from seqrshop.local import rooms

ROOT = settings.BASE_DIR
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# A path from the top of the repository in backticks; a function may follow it.
PATH = re.compile(
    r"`((?:docs|locale|orders|payments|requirements|seqrshop|templates|tests)/[\w./-]*)"
)


@pytest.mark.parametrize("page", rooms.PAGES, ids=lambda page: page.name)
def test_drawing_of_the_rooms_matches_the_imports(page: Path) -> None:
    assert page.read_text() == rooms.with_picture(page, rooms.draw()), "run: make rooms"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    missing = [path for path in PATH.findall(page.read_text()) if not (ROOT / path).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_holds_an_unresolved_merge_conflict(page: Path) -> None:
    assert not re.search(r"^(?:<{7}|>{7}) ", page.read_text(), re.MULTILINE)


# --- Links -----------------------------------------------------------------------------------

LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
# A link to a page's part in code, in a comment of a setting, or in a rule of an alarm.
NAMED_ANCHOR = re.compile(r"docs/([\w/.-]+\.md)#([\w-]+)")
ALERTS = ROOT / "deploy" / "monitoring" / "alerts.yml"
OPERATIONS = ROOT / "docs" / "operations.md"
FOLDERS = ("deploy", "orders", "payments", "seqrshop", "templates", "tests")
SUFFIXES = {".py", ".html", ".js", ".yml", ".yaml", ".json", ".toml"}
TEXTS = [
    *(path for path in ROOT.iterdir() if path.is_file() and path.name != ".env"),
    *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES),
]


def without_code(text: str) -> str:
    return CODE.sub("", text)


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as the repository's host makes them."""
    found: Counter[str] = Counter()
    anchors = set()
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for heading in HEADING.findall(text):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        anchors.add(f"{anchor}-{found[anchor]}" if found[anchor] else anchor)
        found[anchor] += 1
    return frozenset(anchors)


def unresolved(page: Path) -> list[str]:
    """Return the links of a page that lead to no file or no heading of the repository."""
    broken = []
    for link in LINK.findall(without_code(page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue  # another site's
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert unresolved(page) == []


def test_every_anchor_of_a_page_that_another_file_names_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {page}#{anchor}"
        for path in TEXTS
        for page, anchor in NAMED_ANCHOR.findall(path.read_text(errors="ignore"))
        if anchor not in anchors_of(ROOT / "docs" / page)
    ]

    assert missing == []


def test_each_alert_has_its_entry_and_each_entry_its_alert() -> None:
    alerts = re.findall(r"^ *- alert: (\w+)", ALERTS.read_text(), re.MULTILINE)
    entries = re.findall(r"^### ([A-Z]\w*[A-Z]\w*)$", OPERATIONS.read_text(), re.MULTILINE)

    assert sorted(entries) == sorted(alerts)


def test_link_to_a_missing_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# It is *here*\n[a](#it-is-here) [b](#gone) [c](gone.md) `[d](#code)`\n")

    assert unresolved(page) == ["#gone", "gone.md"]
