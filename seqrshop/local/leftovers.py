"""Finds and removes what an earlier run left behind when it was killed outright.

Every process that we start carries a mark in its environment: who started it, for which checkout.
One whose starter lives no more is a leftover, and so is a folder of such a starter's name.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "SEQRSHOP_STARTED_BY"
WAIT_SECONDS = 3
CLOCK_SECONDS = 600  # setting the clock moves the time at which a process is said to be born
ROOT = Path(__file__).resolve().parents[2]


def mark() -> dict[str, str]:
    """Return the environment variable that marks a process as started by this one."""
    return {MARK: f"{_own_name()} {ROOT}"}


def own_folder(parent: Path) -> Path:
    """Return this process's own folder below `parent`; those of processes now gone are removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for other in parent.iterdir():
        if not _is_running(other.name):
            shutil.rmtree(other, ignore_errors=True)
    folder = parent / _own_name()
    folder.mkdir(exist_ok=True)
    return folder


def stop_leftovers() -> None:
    """Stop the processes that a killed run of this checkout left behind."""
    found = [process for process in psutil.process_iter() if _is_leftover(process)]
    for process in found:
        with suppress(psutil.Error):
            process.terminate()
    _wait_for(found)
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    _wait_for(found)


def _is_leftover(process: psutil.Process) -> bool:
    try:
        marked: str = process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return False  # another user's
    starter, _, root = marked.partition(" ")
    return root == str(ROOT) and not _is_running(starter)


def _own_name() -> str:
    process = psutil.Process()
    return f"{process.pid}-{_born(process)}"


def _is_running(name: str) -> bool:
    """Tell whether the process of this name runs. Its number alone may be another's by now."""
    number, _, born = name.partition("-")
    try:
        process = psutil.Process(int(number))
        same = abs(_born(process) - int(born)) < CLOCK_SECONDS
        return same and is_alive(process)
    except (psutil.Error, ValueError):
        return False


def _born(process: psutil.Process) -> int:
    return int(process.create_time())


def _wait_for(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    """Tell whether it still runs: a zombie does not, though nobody may ever collect it."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
