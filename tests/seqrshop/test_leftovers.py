"""What a killed run leaves behind is removed by the next one, and nothing else is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqrshop.local import leftovers

ENDED = "999999999-1"  # no process has that number


def sleeper(mark: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], env={**os.environ, **mark}
    )


@pytest.fixture
def orphan() -> Iterator[subprocess.Popen[bytes]]:
    with sleeper({leftovers.MARK: f"{ENDED} {leftovers.ROOT}"}) as process:
        yield process
        process.kill()


@pytest.fixture
def own_child() -> Iterator[subprocess.Popen[bytes]]:
    with sleeper(leftovers.mark()) as process:
        yield process
        process.kill()


@pytest.fixture
def orphan_of_another_checkout() -> Iterator[subprocess.Popen[bytes]]:
    with sleeper({leftovers.MARK: f"{ENDED} /somewhere/else"}) as process:
        yield process
        process.kill()


def test_only_the_orphans_of_this_checkout_are_stopped(
    orphan: subprocess.Popen[bytes],
    own_child: subprocess.Popen[bytes],
    orphan_of_another_checkout: subprocess.Popen[bytes],
) -> None:
    leftovers.stop_leftovers()

    assert orphan.wait(5) != 0
    assert own_child.poll() is None
    assert orphan_of_another_checkout.poll() is None


def test_the_folder_of_a_process_that_is_gone_is_removed(tmp_path: Path) -> None:
    (tmp_path / ENDED / "postgres").mkdir(parents=True)

    folder = leftovers.own_folder(tmp_path)
    again = leftovers.own_folder(tmp_path)

    assert list(tmp_path.iterdir()) == [folder] == [again]
