"""How a PostgreSQL server of the tests is started, and its programs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from seqrshop.local.servers import free_port
from tests.processes import ManagedProcess


@dataclass(frozen=True)
class PostgresServer:
    """A server's data and port; `user` is the prefix of a command that runs as its user."""

    user: tuple[str, ...]
    programs: Path
    data: Path
    port: int
    options: tuple[str, ...]

    @classmethod
    def of(cls, process: ManagedProcess) -> PostgresServer:
        """Return the server that this process is."""
        command = [str(part) for part in process.command]
        at = command.index("-D")
        return cls(
            user=tuple(command[: at - 1]),
            programs=Path(command[at - 1]).parent,
            data=Path(command[at + 1]),
            port=int(command[at + 3]),
            options=tuple(command[at + 4 :]),
        )

    def on(self, data: Path, port: int | None = None, **options: str) -> PostgresServer:
        """Return a server on other data, and on a free port unless one is given."""
        added = tuple(part for name in options for part in ("-c", f"{name}={options[name]}"))
        port = free_port() if port is None else port
        return replace(self, data=data, port=port, options=self.options + added)

    def start(self, log: Path) -> ManagedProcess:
        """Start the server; it may not accept connections yet."""
        command = [*self._command("postgres", "-D", self.data, "-p", self.port), *self.options]
        return ManagedProcess(command, log=log, cwd=Path("/")).start()

    def run(
        self, program: str, *arguments: object, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's user. Raises CalledProcessError."""
        command = self._command(program, *arguments)
        return subprocess.run(command, cwd="/", env=env, check=True, capture_output=True, text=True)

    def as_user(self, *command: object) -> None:
        """Run a command as the server's user. Raises CalledProcessError."""
        subprocess.run([*self.user, *map(str, command)], cwd="/", check=True, capture_output=True)

    def _command(self, program: str, *arguments: object) -> list[str]:
        return [*self.user, str(self.programs / program), *map(str, arguments)]
