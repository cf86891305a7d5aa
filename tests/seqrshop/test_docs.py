"""The documentation names paths that exist, and shows the rooms as they are."""

import re
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
