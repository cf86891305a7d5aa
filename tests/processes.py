"""Starts, restarts, kills and stops the processes that tests run beside themselves."""

from __future__ import annotations

import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, Self

import psutil
from honcho.environ import parse_procfile

from seqrshop.local import ROOT, orphans

START_SECONDS: Final = 120  # on a busy machine
STOP_SECONDS: Final = 30
LOG_LINES: Final = 30


class ProcessStartError(RuntimeError):
    """A process exited, or did not become ready in time; the text ends with its log."""


@dataclass
class Uptime:
    """When a process started and ended, in seconds since 1970; None while it runs."""

    started_at: float
    ended_at: float | None = None


class ManagedProcess:
    """A process and its children. A context manager: leaving it stops them.

    Standard output and error go to `log`; with `stdout=PIPE` only standard error does. `uptimes`
    has each start and end.
    """

    process: subprocess.Popen[bytes]

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        stdout: int | None = None,
    ) -> None:
        self.log = log
        self.uptimes: list[Uptime] = []
        self.command = command
        self._env = _with_owner_and_programs(os.environ if env is None else env)
        self._cwd = cwd
        self._stdout = stdout

    @classmethod
    def running(cls, process: subprocess.Popen[bytes], log: Path, cwd: Path) -> Self:
        """Manage a process that has been started elsewhere; a restart repeats its command."""
        assert isinstance(process.args, list)
        managed = cls(process.args, log=log, cwd=cwd)
        managed._adopt(process)
        return managed

    def start(self) -> Self:
        """Start the process, unless it runs."""
        if self.is_running():
            return self
        self._record_end()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command,
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=self._stdout or log,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C reaches the tests alone
            )
        self._adopt(process)
        return self

    def _adopt(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.uptimes.append(Uptime(time.time()))

    def is_running(self) -> bool:
        """Return whether the process has been started and has not exited."""
        return bool(self.uptimes) and self.process.poll() is None

    def kill(self) -> None:
        """Send SIGKILL to the process first, so that it starts no others, then to its children."""
        with suppress(psutil.Error):
            main = psutil.Process(self.process.pid)
            for process in (main, *main.children(recursive=True)):
                with suppress(psutil.Error):
                    process.kill()
        self.process.wait()
        self._record_end()

    def stop(self, number: int = signal.SIGTERM, *, within: float = STOP_SECONDS) -> float:
        """Send a signal and wait for the exit; return the seconds it took.

        Kills the process and raises subprocess.TimeoutExpired where it is still running then.
        """
        began = time.monotonic()
        if self.is_running():
            self.process.send_signal(number)
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        if self.uptimes and self.process.stdout is not None:
            self.process.stdout.close()
        self._record_end()
        return time.monotonic() - began

    def wait_until(self, connect: Callable[[], object], seconds: float = START_SECONDS) -> None:
        """Call `connect` until it raises no OSError.

        Stops the process and raises ProcessStartError where it exits or takes too long.
        """
        deadline = time.monotonic() + seconds
        while self.is_running() and time.monotonic() < deadline:
            try:
                connect()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self._fail_to_start()

    def ready_port(self) -> int:
        """Return the port of the line `ready on port …` on standard output, which is a pipe.

        Raises ProcessStartError.
        """
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if readable else b""
        match = re.search(rb"ready on port (\d+)", line)
        if match is None:
            self._fail_to_start()
        return int(match[1])

    def end_of_log(self) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])

    def _fail_to_start(self) -> NoReturn:
        with suppress(subprocess.TimeoutExpired):
            self.stop()
        raise ProcessStartError(f"{shlex.join(self.command)} did not start:\n{self.end_of_log()}")

    def _record_end(self) -> None:
        if self.uptimes and self.uptimes[-1].ended_at is None:
            self.uptimes[-1].ended_at = time.time()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()


def stop_all(processes: Collection[ManagedProcess], *, within: float) -> None:
    """Send SIGTERM to all at once, and kill each that has not exited in so many seconds."""
    for process in processes:
        if process.is_running():
            process.process.terminate()
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.stop(within=within)


def procfile_command(line: str, *, worker_name: str | None = None) -> list[str]:
    """Return the command of a line of the Procfile; `worker_name` tells several workers apart."""
    command: str = parse_procfile((ROOT / "Procfile").read_text()).processes[line]
    if worker_name is not None:
        command = command.replace(f"-n {line}@%h", f"-n {shlex.quote(worker_name)}@%h")
    return ["/bin/sh", "-c", f"exec {command}"]


def _with_owner_and_programs(env: Mapping[str, str]) -> dict[str, str]:
    """Add the owner, by which orphans are found, and put this interpreter's programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    return {**env, **orphans.owner_environment(), "PATH": path}
