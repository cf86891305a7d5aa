"""The doctor's line about free disk space."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest
from pytest_django import Settings

from seqrshop.ops.doctor.disk import disk

GB = 1024**3
Usage = namedtuple("Usage", "total free")


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [
        (100 * GB, 50 * GB, "ok"),
        (4000 * GB, 6 * GB, "ok"),  # a tenth of it would be much
        (100 * GB, 4 * GB, "warning"),
        (GB, GB // 11, "failed"),
        (100 * GB, 0, "failed"),
    ],
)
def test_disk_is_judged_by_its_free_space(total: int, free: int, level: str) -> None:
    (finding, *_) = disk(lambda _folder: Usage(total, free))

    assert finding.level == level


def test_two_folders_on_one_disk_are_one_line(settings: Settings, tmp_path: Path) -> None:
    settings.EXPORT_DIR = str(tmp_path)
    settings.AUDIT_MARKER_FILE = str(tmp_path / "marker")

    assert len(list(disk())) == 1


def test_folder_that_is_missing_is_left_out(settings: Settings, tmp_path: Path) -> None:
    settings.EXPORT_DIR = str(tmp_path / "missing")

    assert len(list(disk())) == 1
