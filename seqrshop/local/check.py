"""`make test`: every check and test, each with the time it took. `--no-tests`: the checks alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from seqrshop.local import ROOT
from seqrshop.local.testing import settings_for_tests

PROGRAMS = Path(sys.executable).parent
NEEDED = ("chromium", "curl")  # Debian's names for both the packages and the programs
CHECKS = {
    "ruff": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "import-linter": ["lint-imports", "--no-logo"],
    "djlint": ["djlint", "--check", "--lint", "--quiet", "templates"],
    "mypy": ["mypy", "."],
    "typos": ["typos"],
    "javascript": ["python", "-m", "seqrshop.local.javascript"],
}
# Two at a time: a machine of two cores is the least, and the database is one for all.
TESTS = {"pytest": ["pytest", "-n", "2", "--dist", "loadfile"]}
# Checks look at the settings, and none of them at a database.
NO_SERVERS = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
}


def main(arguments: list[str]) -> int:
    """Run them all, whatever each says, and return 0 when all are content."""
    with_tests = "--no-tests" not in arguments
    if with_tests and not ensure_programs():
        return 1
    settings = settings_for_tests()
    failed = [
        name for name, step in CHECKS.items() if not _passes(name, step, NO_SERVERS | settings)
    ]
    if with_tests:
        failed += [name for name, step in TESTS.items() if not _passes(name, step, settings)]
    _say(f"Failed: {', '.join(failed)}" if failed else "Everything passed")
    return 1 if failed else 0


def _passes(name: str, command: list[str], settings: dict[str, str]) -> bool:
    _say(f"── {name}")
    began = time.monotonic()
    done = subprocess.run(
        [PROGRAMS / command[0], *command[1:]],
        cwd=ROOT,
        env={**os.environ, **settings},
        check=False,
    )
    verdict = "passed" if done.returncode == 0 else f"failed ({done.returncode})"
    _say(f"   {name}: {verdict} after {time.monotonic() - began:.1f} s")
    return done.returncode == 0


def ensure_programs() -> bool:
    """Install what the tests drive, where we may. Return whether it is there."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if not missing:
        return True
    names = " and ".join(missing)
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        sys.stderr.write(
            f"The tests drive {names}, which must be installed; Debian has packages of that name.\n"
        )
        return False
    _say(f"Installing {names}, which the tests drive")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "-qq", "update"],
        [apt, "-qq", "install", "--yes", "--no-install-recommends", *missing, "fonts-liberation"],
    ):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(f"{done.stderr}{names} could not be installed.\n")
            return False
    return True


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
