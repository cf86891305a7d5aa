"""Starts the processes that are measured, each on its cores, and stops them all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.bench.machine import pinned
from tests.processes import ManagedProcess, procfile_command, stop_all

STOP_SECONDS = 5


class Launcher:
    """A context manager: leaving it stops the processes it has started."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.env = dict(env)
        self._processes: list[ManagedProcess] = []

    def nested(self) -> "Launcher":
        """Return a launcher with the same settings, for processes that stop earlier."""
        return Launcher(self.folder, self.env)

    def start(
        self, name: str, command: Sequence[str], cores: frozenset[int], *, stdout: int | None = None
    ) -> ManagedProcess:
        """Start a process on these cores; it logs to `name`.log."""
        process = ManagedProcess(command, log=self._log(name), env=self.env, stdout=stdout)
        self._log(name).unlink(missing_ok=True)
        with pinned(cores):
            process.start()
        self._processes.append(process)
        return process

    def start_from_procfile(
        self, line: str, cores: frozenset[int], *, name: str | None = None
    ) -> ManagedProcess:
        """Start a line of the Procfile; `name` tells several workers of a line apart."""
        return self.start(name or line, procfile_command(line, worker_name=name), cores)

    def end_of_log(self, name: str) -> str:
        """Return the last lines that a process has logged."""
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-15:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        stop_all(self._processes, within=STOP_SECONDS)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"
