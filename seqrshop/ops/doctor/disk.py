"""Free disk space where the shop's processes write."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from django.conf import settings

from seqrshop.ops.doctor.finding import Finding, failed, ok, warning

MB = 1024 * 1024
FAILED_BELOW_BYTES = 100 * MB
WARNING_BELOW_BYTES = 5 * 1024 * MB  # on a large disk
WARNING_BELOW_PERCENT = 10
ADVICE = "Delete what is not needed: old dumps, logs, files in the temporary folder."


class Usage(Protocol):
    """The size of a disk and its free space, in bytes."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


def disk(usage_of: Callable[[Path], Usage] = shutil.disk_usage) -> Iterator[Finding]:
    """Check each disk once: of temporary files (TMPDIR), of exports and of the audit's marker."""
    seen = set()
    for folder in _folders():
        device = folder.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield _finding(folder, usage_of(folder))


def _folders() -> Iterator[Path]:
    wanted = [tempfile.gettempdir(), settings.EXPORT_DIR]
    if settings.AUDIT_MARKER_FILE:
        wanted.append(str(Path(settings.AUDIT_MARKER_FILE).parent))
    return (Path(each) for each in wanted if each and Path(each).is_dir())


def _finding(folder: Path, usage: Usage) -> Finding:
    message = f"{_size(usage.free)} of {_size(usage.total)} are free at {folder}."
    enough = min(WARNING_BELOW_BYTES, usage.total * WARNING_BELOW_PERCENT // 100)
    if usage.free < FAILED_BELOW_BYTES:
        return failed("disk", message, ADVICE)
    if usage.free < enough:
        return warning("disk", message, ADVICE)
    return ok("disk", message)


def _size(size: int) -> str:
    return f"{size / MB / 1024:.1f} GB" if size >= 1024 * MB else f"{size / MB:.0f} MB"
