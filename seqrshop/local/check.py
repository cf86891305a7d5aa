"""Runs the linters and tests of `make lint`, `make check` and `make test`, and times each part."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from seqrshop.local import ROOT

PROGRAMS = Path(sys.executable).parent
# By package, the command that fails without it; a program alone is only looked for. Only the whole
# Chromium keeps the page that its user left.
DEBIAN_PACKAGES = {
    "chromium": ["chromium"],
    "chromium-headless-shell": ["chromium-headless-shell"],
    "curl": ["curl"],
    "php-cli": ["php"],
    "php-soap": ["php", "--ri", "soap"],
    "prometheus": ["promtool"],
}
LINTERS = {
    "ruff": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "import-linter": ["lint-imports", "--no-logo"],
    "djlint": ["djlint", "--check", "--lint", "--quiet", "templates"],
    "mypy": ["mypy", "."],
    "typos": ["typos"],
    "javascript": ["python", "-m", "seqrshop.local.javascript"],
    "vocabulary": ["python", "-m", "seqrshop.local.vocabulary"],
}
# Three processes: the smallest machine has two cores, and a third of the time tests wait.
PYTEST = ["pytest", "-n", "3", "--dist", "loadfile"]
# What changes no more, or with its library alone, and takes long: `make proof` runs it.
LONG_RUNS = (
    "tests/payments/test_migrations.py",
    "tests/seqrshop/test_restarts_on_changes.py",
)
TESTS: dict[str, dict[str, list[str]]] = {
    "lint": {},
    "unit": {"unit tests": [*PYTEST, "--quiet", "-m", "unit"]},
    "all": {"pytest": [*PYTEST, *(f"--ignore={each}" for each in LONG_RUNS)]},
}


@dataclass(frozen=True)
class Result:
    """How one part ended, and how long it took."""

    name: str
    exit_code: int
    seconds: float

    def __str__(self) -> str:
        verdict = "passed" if self.exit_code == 0 else f"failed ({self.exit_code})"
        return f"{self.name:<15}{verdict:<12}{self.seconds:>7.1f} s"


def main(arguments: list[str]) -> int:
    """Run every part, also after a failure, and return 0 when all passed.

    The linters use the time in which tests wait; what they print follows the tests.
    """
    parser = argparse.ArgumentParser(prog="python -m seqrshop.local.check")
    parser.add_argument("tests", choices=TESTS, help="the tests to run after the linters")
    scope = parser.parse_args(arguments).tests
    if scope == "all" and not ensure_programs():
        return 1
    started = time.monotonic()
    beside = ThreadPoolExecutor(max_workers=1)
    try:
        linters = [beside.submit(_run_beside, *linter) for linter in LINTERS.items()]
        tests = [_run(name, command) for name, command in TESTS[scope].items()]
        results = [*(_print_linter(*linter.result()) for linter in linters), *tests]
    finally:
        beside.shutdown(cancel_futures=True)
    worst = max(result.exit_code for result in results)
    results.append(Result("all", worst, time.monotonic() - started))
    _print_line("\n".join(["", "── summary", *map(str, results)]))
    return min(worst, 1)


def _run(name: str, command: list[str]) -> Result:
    _print_line(f"── {name}")
    started = time.monotonic()
    done = subprocess.run(_absolute(command), cwd=ROOT, env=_environment(), check=False)
    return Result(name, done.returncode, time.monotonic() - started)


def _run_beside(name: str, command: list[str]) -> tuple[Result, str]:
    """Run a linter at a lower priority than the tests; return its result, and what it prints."""
    started = time.monotonic()
    linter = subprocess.Popen(
        _absolute(command),
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    niceness = os.getpriority(os.PRIO_PROCESS, 0) + 10
    os.setpriority(os.PRIO_PROCESS, linter.pid, min(niceness, 19))
    output, _ = linter.communicate()
    return Result(name, linter.returncode, time.monotonic() - started), output


def _print_linter(result: Result, output: str) -> Result:
    _print_line(f"── {result.name}\n{output}".rstrip())
    return result


def _absolute(command: list[str]) -> list[str]:
    return [str(PROGRAMS / command[0]), *command[1:]]


def _environment() -> dict[str, str]:
    # Else each of the hundred processes that the tests start would compile the shop anew.
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def ensure_programs(packages: Mapping[str, list[str]] = DEBIAN_PACKAGES) -> bool:
    """Install the programs that the tests need, if we may. Return whether all are installed.

    `packages` has, by Debian package, the command that fails without it.
    """
    missing = [package for package, probe in packages.items() if not _succeeds(probe)]
    if not missing:
        return True
    names = ", ".join(missing)
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        sys.stderr.write(f"The tests need {names}; install Debian's packages of that name.\n")
        return False
    _print_line(f"Installing {names}, which the tests need")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "-qq", "update"],
        [apt, "-qq", "install", "--yes", "--no-install-recommends", *missing, "fonts-liberation"],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(f"{done.stderr}{names} could not be installed.\n")
            return False
    return True


def _succeeds(probe: list[str]) -> bool:
    program = shutil.which(probe[0])
    if program is None or len(probe) == 1:
        return program is not None
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
