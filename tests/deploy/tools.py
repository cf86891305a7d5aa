"""Runs the linters of requirements/deploy.txt, which have an environment of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from seqrshop.local import ROOT

DEPLOY = ROOT / "deploy"
PROGRAMS = ROOT / ".local" / "deploy" / "bin"
PROCESSES = ("web", "worker", "background", "poller", "beat")
OWNERS_PASSWORD = "MIGRATION_DATABASE_URL"


class CheckFailed(Exception):
    """A file of deploy/ is wrong; the text says why."""


def run(program: str | Path, *arguments: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a linter and return what it prints. Raises CheckFailed unless it exits with 0."""
    path = shutil.which(program, path=f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    if path is None:
        raise CheckFailed(f"{program} is not installed")
    done = subprocess.run(
        [path, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CheckFailed(f"{program} refuses it:\n{done.stdout}")
    return done.stdout


def require(condition: bool, sentence: str) -> None:
    """Raise CheckFailed with the sentence unless the condition holds."""
    if not condition:
        raise CheckFailed(sentence)
