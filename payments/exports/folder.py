"""Writes a file to a folder below EXPORT_DIR: complete under its final name, or not at all."""

import os
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from payments.exports.export import write_file
from payments.exports.problem import ExportProblem
from payments.exports.record import RowCount
from payments.exports.selection import Selection


def folder_of(folder: str) -> Path:
    """Return the path of a folder below EXPORT_DIR. Raises ExportProblem if it is not below it."""
    if not settings.EXPORT_DIR:
        raise ExportProblem(gettext("There is no folder for exports: EXPORT_DIR is not set."))
    root = Path(settings.EXPORT_DIR).resolve()
    path = (root / folder).resolve()
    if not path.is_relative_to(root):
        raise ExportProblem(gettext("The folder is not below the folder for exports."))
    return path


def write_part(folder: str, name: str, attempt: int, selection: Selection, count: RowCount) -> str:
    """Write a file beside its final name, safely on the disk; return its path below EXPORT_DIR.

    Deletes what killed attempts have left. Raises ExportProblem and OSError.
    """
    path = folder_of(folder)
    path.mkdir(parents=True, exist_ok=True)
    for left in path.glob(f".{name}.*.part"):
        left.unlink(missing_ok=True)
    part = path / f".{name}.{attempt}.part"
    write_file(selection, part, count)
    _save_to_disk(part)
    return f"{folder}/{part.name}"


def rename_part(part: str, name: str) -> None:
    """Give a written file its final name; do nothing if it has got it already.

    `part` is what write_part returned. Raises OSError, also if the whole folder is missing: that
    proves nothing.
    """
    folder, _slash, part_name = part.rpartition("/")
    path = folder_of(folder)
    if not path.is_dir():
        raise FileNotFoundError(path)
    try:
        (path / part_name).replace(path / name)
    except FileNotFoundError:
        return
    _save_to_disk(path)


def _save_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
