"""Runs `make run` and `make test` in each place, or in the places named as arguments.

`make test` runs every check and a part of the tests; PYTEST_ADDOPTS selects others. PYTHON names
the interpreter. Each place takes some minutes, mostly for the Python environment and mypy.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import psutil

from seqrshop.local.orphans import OWNER_VARIABLE
from seqrshop.local.servers import free_port
from seqrshop.local.testing import SERVER_SETTINGS, settings_for_tests
from tests.anywhere.places import PLACES, Place, copy_checkout, ordinary_user

TESTS = (
    "tests/seqrshop/test_local_run.py tests/seqrshop/test_servers.py"
    " tests/browser/test_page_weight.py"
)
RUN_TIMEOUT_SECONDS = 900  # the first `make` installs the Python environment
TEST_TIMEOUT_SECONDS = 1800
STOP_TIMEOUT_SECONDS = 60
PYTHON_CHECK = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"


class PlaceError(Exception):
    """A command did not succeed, or did not fail, as the place expects."""


class Trial:
    """The two commands in one place, below an empty folder."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._place = place
        self._folder = folder
        self._user = ordinary_user()
        for path in (folder / "parent", folder / "home"):
            path.mkdir(parents=True)
        self._checkout = copy_checkout(place, folder / "parent")
        self._env = self._environment()

    def run(self) -> str:
        """Run both commands and return the result for a person. Raises PlaceError."""
        if self._place.expected_error:
            for goal in ("run", "test"):
                self._expect_error(goal)
            return f"both commands fail with {self._place.expected_error!r}"
        started = time.monotonic()
        self._make_run()
        run_ended = time.monotonic()
        self._make_test()
        test_ended = time.monotonic()
        return f"make run {run_ended - started:.0f} s, make test {test_ended - run_ended:.0f} s"

    def _make_run(self) -> None:
        """Start the shop, open its admin, press Ctrl-C. Raises PlaceError."""
        log = self._folder / "run.log"
        with log.open("w") as output:
            running = subprocess.Popen(
                self._make("run"),
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
            while "Ctrl-C stops everything" not in log.read_text(errors="replace"):
                if running.poll() is not None or time.monotonic() > deadline:
                    raise PlaceError(f"make run did not start: {_last_line(log)}")
                time.sleep(0.5)
            address = f"http://127.0.0.1:{self._env['PORT']}/admin/login/"
            urllib.request.urlopen(address, timeout=30).close()
            os.killpg(running.pid, signal.SIGINT)
            running.wait(STOP_TIMEOUT_SECONDS)
            if left := self._processes():
                raise PlaceError(f"Ctrl-C left {len(left)} processes running")
        finally:
            running.kill()
            for process in self._processes():
                process.kill()

    def _make_test(self) -> None:
        """Run the checks and tests. Raises PlaceError."""
        log = self._folder / "test.log"
        if self._output("test", log, TEST_TIMEOUT_SECONDS).returncode != 0:
            raise PlaceError(f"make test failed: {_last_line(log)}")

    def _expect_error(self, goal: str) -> None:
        log = self._folder / f"{goal}.log"
        failed = self._output(goal, log, RUN_TIMEOUT_SECONDS)
        lines = [line for line in log.read_text().splitlines() if not line.startswith("make")]
        if failed.returncode == 0 or len(lines) != 1 or self._place.expected_error not in lines[0]:
            raise PlaceError(f"make {goal} exits {failed.returncode} with {lines}")

    def _output(
        self, goal: str, log: Path, timeout_seconds: float
    ) -> subprocess.CompletedProcess[bytes]:
        with log.open("w") as output:
            return subprocess.run(
                self._make(goal),
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout_seconds,
                check=False,
            )

    def _make(self, goal: str) -> list[str]:
        pythons = (os.environ.get("PYTHON"), "python3", "/usr/bin/python3")
        for python in filter(None, pythons):
            check = self._as_user([python, "-c", PYTHON_CHECK])
            if subprocess.run(check, capture_output=True, check=False).returncode == 0:
                return self._as_user(["make", "-C", str(self._checkout), goal, f"PYTHON={python}"])
        raise PlaceError(f"{self._user.pw_name} may run no Python 3.11: name one with PYTHON=…")

    def _as_user(self, command: Sequence[str]) -> list[str]:
        if self._place.as_root or os.geteuid() != 0:
            return list(command)
        ids = (f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}")
        return ["setpriv", *ids, "--clear-groups", "--", *command]

    def _environment(self) -> dict[str, str]:
        """Return a newcomer's environment, with pip's cache shared by the places of one user."""
        cache = self._folder.parent / f"pip-cache-{'root' if self._place.as_root else 'user'}"
        cache.mkdir(exist_ok=True)
        if os.geteuid() == 0 and not self._place.as_root:
            for path in (cache, self._folder / "home"):
                shutil.chown(path, self._user.pw_uid)
        ours = {*settings_for_tests(), *SERVER_SETTINGS, "DJANGO_SETTINGS_MODULE", "MAKEFLAGS"}
        return {
            **{name: value for name, value in os.environ.items() if name not in ours},
            "HOME": str(self._folder / "home"),
            "PIP_CACHE_DIR": str(cache),
            "PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
            "PYTEST_ADDOPTS": os.environ.get("PYTEST_ADDOPTS", TESTS),
        }

    def _processes(self) -> list[psutil.Process]:
        """Return the running processes that this checkout has started."""
        return [
            process
            for process in psutil.process_iter(["environ"])
            if (process.info["environ"] or {})
            .get(OWNER_VARIABLE, "")
            .endswith(f" {self._checkout}")
        ]


def main(names: Sequence[str]) -> int:
    """Try the places, print a line for each, and return 0 where none failed."""
    if unknown := set(names) - {place.name for place in PLACES}:
        sys.stderr.write(f"No such place: {', '.join(sorted(unknown))}.\n")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="seqrshop-anywhere-"))
    folder.chmod(0o755)
    failed = False
    for place in PLACES:
        if names and place.name not in names:
            continue
        if place.as_root and os.geteuid() != 0:
            _print(f"{place.name}: not tried, since it needs root")
            continue
        try:
            with place.during():
                _print(f"{place.name}: {Trial(place, folder / place.name).run()}")
        except (OSError, PlaceError, subprocess.TimeoutExpired) as error:
            failed = True
            _print(f"{place.name}: FAILED, logs in {folder / place.name}: {error}")
    if failed:
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _last_line(log: Path) -> str:
    """Return the last line of a log that is not make's own."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return next((line for line in reversed(lines) if not line.startswith("make")), "no output")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
