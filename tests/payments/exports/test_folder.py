"""A written file gets its final name once; a folder that is gone proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from payments.exports.folder import folder_of, rename_part
from payments.exports.problem import ExportProblem

PART = "books/.a.csv.1.part"


@pytest.fixture
def books(tmp_path: Path, settings: Settings) -> Path:
    """A folder for exports with a written file."""
    settings.EXPORT_DIR = str(tmp_path)
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / ".a.csv.1.part").write_text("rows")
    return folder


def test_written_file_gets_its_name_and_keeps_it(books: Path) -> None:
    for _ in range(2):
        rename_part(PART, "a.csv")

    assert [each.name for each in books.iterdir()] == ["a.csv"]
    assert (books / "a.csv").read_text() == "rows"


def test_missing_folder_is_an_error(books: Path) -> None:
    (books / ".a.csv.1.part").unlink()
    books.rmdir()

    with pytest.raises(FileNotFoundError):
        rename_part(PART, "a.csv")


@pytest.mark.parametrize(
    ("root", "folder", "sentence"),
    [
        ("", "books", "There is no folder for exports: EXPORT_DIR is not set."),
        ("{}", "../books", "The folder is not below the folder for exports."),
        ("{}", "/books", "The folder is not below the folder for exports."),
    ],
)
def test_folder_elsewhere_is_refused(
    tmp_path: Path, settings: Settings, root: str, folder: str, sentence: str
) -> None:
    settings.EXPORT_DIR = root.format(tmp_path)

    with pytest.raises(ExportProblem) as problem:
        folder_of(folder)

    assert str(problem.value) == sentence
