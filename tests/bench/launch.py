"""Starts the processes that are measured, each on its cores, and ends them all."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from honcho.environ import parse_procfile

from seqrshop.local import ROOT, orphans
from tests.bench.machine import pinned

STOP_SECONDS = 5


class Launcher:
    """A context manager: leaving it ends what was started meanwhile."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.env = {**env, **orphans.owner_environment()}
        self.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._running: list[subprocess.Popen[bytes]] = []

    def within(self) -> "Launcher":
        """Return one of its own, for what ends earlier."""
        return Launcher(self.folder, self.env)

    def start(
        self,
        name: str,
        command: Sequence[str],
        cores: frozenset[int],
        *,
        stdout: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process on these cores; what it says goes to `name`.log."""
        with pinned(cores), self._log(name).open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=stdout or log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us
            )
        self._running.append(process)
        return process

    def start_from_procfile(
        self, line: str, cores: frozenset[int], *, name: str | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a line of the Procfile, its worker called `name` if there are several."""
        command: str = parse_procfile((ROOT / "Procfile").read_text()).processes[line]
        if name is not None:
            command = command.replace(f"-n {line}@%h", f"-n {shlex.quote(name)}@%h")
        return self.start(name or line, ["/bin/sh", "-c", f"exec {command}"], cores)

    def end_of_log(self, name: str) -> str:
        """Return the last that a process said."""
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-15:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"
