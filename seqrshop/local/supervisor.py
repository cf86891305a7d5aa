"""Runs the processes of `make run`, prints their logs, and stops them all together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from honcho.manager import Manager


class Supervisor(Manager):  # type: ignore[misc]  # honcho has no types
    """A honcho manager that records the first process to exit, and calls back after the start."""

    def __init__(self, on_started: Callable[[], None]) -> None:
        super().__init__()
        self._on_started = on_started
        self.exited_process: str | None = None

    def terminate(self) -> None:
        """Stop every process, on a signal or after one process has exited."""
        exited = [name for name, entry in self._processes.items() if "returncode" in entry]
        if exited and not self._terminating:
            self.exited_process = exited[0]
        super().terminate()

    def _start(self) -> None:
        super()._start()
        # The thread starts after honcho has forked: forking a process with threads is unsafe.
        threading.Thread(target=self._on_started, daemon=True).start()
