"""`make dev` starts its processes again when their code changes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from seqrshop.local import ROOT
from seqrshop.local.servers import free_port
from tests.migrated_database import copied_for_a_test
from tests.seqrshop.test_development import (
    TIMEOUT_SECONDS,
    is_open,
    start,
    wait_for_status,
)

pytestmark = pytest.mark.slow


def test_make_dev_restarts_every_process_when_code_changes(tmp_path: Path, worker_id: str) -> None:
    # To migrate an empty database takes most of a start.
    with copied_for_a_test(f"dev_{worker_id}") as migrated:
        restart_every_process(tmp_path, migrated)


def restart_every_process(tmp_path: Path, migrated: Mapping[str, str]) -> None:
    port = free_port()
    given = {"PORT": str(port), "SANDBOX_PORT": str(free_port()), **migrated}
    running = start([sys.executable, "-m", "seqrshop.local.run", "--dev"], tmp_path, **given)
    log = (tmp_path / "log").open("w")
    try:
        assert running.stdout
        for line in running.stdout:
            if "Ctrl-C stops everything" in line:
                break
        reader = threading.Thread(target=shutil.copyfileobj, args=(running.stdout, log))
        reader.start()
        before = reloaded_processes(running.pid)
        (ROOT / "seqrshop" / "urls.py").touch()
        wait_until(lambda: len(reloaded_processes(running.pid) - before) == len(before))
        status = wait_for_status(f"http://127.0.0.1:{port}/health/live")
    finally:
        os.killpg(running.pid, signal.SIGINT)  # what it has started would keep its output open
        running.wait(TIMEOUT_SECONDS)
    reader.join()
    log.close()

    assert len(before) == 5
    assert status == 200
    assert running.returncode == 0
    assert not is_open(port)


def reloaded_processes(pid: int) -> set[int]:
    """Return the IDs of the processes that the four watchers of `make dev` run."""
    found = set()
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):
            if "watchfiles" in " ".join(process.parent().cmdline()[:3]):
                found.add(process.pid)
    return found


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.1)
