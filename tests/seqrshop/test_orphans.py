"""A run stops the orphaned processes of an earlier run, and leaves all others alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seqrshop.local import ROOT, orphans

EXITED_OWNER = "999999999-1"  # above the kernel's highest process ID


@contextmanager
def sleeping_process(owner: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, env={**os.environ, **owner}) as process:
        yield process
        process.kill()


@pytest.fixture
def orphan() -> Iterator[subprocess.Popen[bytes]]:
    with sleeping_process({orphans.OWNER_VARIABLE: f"{EXITED_OWNER} {ROOT}"}) as process:
        yield process


@pytest.fixture
def own_child() -> Iterator[subprocess.Popen[bytes]]:
    with sleeping_process(orphans.owner_environment()) as process:
        yield process


@pytest.fixture
def orphan_of_another_checkout() -> Iterator[subprocess.Popen[bytes]]:
    with sleeping_process({orphans.OWNER_VARIABLE: f"{EXITED_OWNER} /another/path"}) as process:
        yield process


def test_stop_orphans_stops_only_orphans_of_this_checkout(
    orphan: subprocess.Popen[bytes],
    own_child: subprocess.Popen[bytes],
    orphan_of_another_checkout: subprocess.Popen[bytes],
) -> None:
    orphans.stop_orphans()

    assert orphan.wait(30) != 0
    assert own_child.poll() is None
    assert orphan_of_another_checkout.poll() is None


def test_process_folder_removes_folders_of_exited_processes(tmp_path: Path) -> None:
    (tmp_path / EXITED_OWNER / "postgres").mkdir(parents=True)

    folder = orphans.process_folder(tmp_path)
    same_folder = orphans.process_folder(tmp_path)

    assert list(tmp_path.iterdir()) == [folder] == [same_folder]
