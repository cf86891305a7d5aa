"""Stops processes and removes folders that a killed run of this checkout left behind.

Every process started here carries OWNER_VARIABLE in its environment: the ID and the start time of
the process that started it, and the checkout. A process whose owner has exited is an orphan.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil

from seqrshop.local import ROOT

OWNER_VARIABLE = "SEQRSHOP_STARTED_BY"
STOP_TIMEOUT_SECONDS = 3
# Setting the clock shifts the start time that the kernel reports for every process.
START_TIME_TOLERANCE_SECONDS = 600


def owner_environment() -> dict[str, str]:
    """Return the environment variable that records this process as the owner."""
    return {OWNER_VARIABLE: f"{_own_name()} {ROOT}"}


def process_folder(parent: Path) -> Path:
    """Create this process's own folder below `parent`, and remove those of exited processes."""
    parent.mkdir(parents=True, exist_ok=True)
    for other in parent.iterdir():
        if not _is_running(other.name):
            shutil.rmtree(other, ignore_errors=True)
    folder = parent / _own_name()
    folder.mkdir(exist_ok=True)
    return folder


def stop_orphans() -> None:
    """Stop the processes whose owner, an earlier run of this checkout, has exited."""
    found = [process for process in psutil.process_iter() if _is_orphan(process)]
    for process in found:
        with suppress(psutil.Error):
            process.terminate()
    _wait_for(found)
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    _wait_for(found)


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process is running; a zombie has exited, though nothing has reaped it."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _is_orphan(process: psutil.Process) -> bool:
    try:
        value: str = process.environ().get(OWNER_VARIABLE, "")
    except (psutil.Error, OSError):
        return False  # another user's
    owner, _, root = value.partition(" ")
    return root == str(ROOT) and not _is_running(owner)


def _own_name() -> str:
    process = psutil.Process()
    return f"{process.pid}-{_start_time(process)}"


def _is_running(name: str) -> bool:
    """Return whether the process named by ID and start time is running.

    The ID alone does not identify it: the kernel reuses IDs.
    """
    number, _, started = name.partition("-")
    try:
        process = psutil.Process(int(number))
        age_difference = abs(_start_time(process) - int(started))
        return age_difference < START_TIME_TOLERANCE_SECONDS and is_alive(process)
    except (psutil.Error, ValueError):
        return False


def _start_time(process: psutil.Process) -> int:
    return int(process.create_time())


def _wait_for(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
