"""A process that can be killed at any moment and is started again just as it was."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

STOP_SECONDS = 8


@dataclass
class Life:
    """From when until when it ran, in seconds since 1970; `ended` is None while it does."""

    began: float
    ended: float | None = None


class Process:
    """One of the shop's processes, its children included; what it says goes to `log`."""

    def __init__(
        self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.lives: list[Life] = []
        self._command = command
        self._cwd = cwd
        self._env = env
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def take_over(self, process: subprocess.Popen[bytes]) -> None:
        """Be the process that somebody has started already."""
        self._process = process
        self.lives.append(Life(time.time()))

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.is_running():
            return
        if self.lives and self.lives[-1].ended is None:
            self.lives[-1].ended = time.time()  # it has ended by itself
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us
            )
        self.take_over(process)

    def is_running(self) -> bool:
        """Tell whether it is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it and all its children with SIGKILL, itself first, so that it starts no others."""
        assert self._process is not None
        main = psutil.Process(self._process.pid)
        for process in (main, *main.children(recursive=True)):
            with suppress(psutil.Error):
                process.kill()
        self._process.wait()
        self.lives[-1].ended = time.time()

    def stop(self) -> None:
        """Ask it to end, firmly if need be."""
        if self._process is None or not self.is_running():
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
