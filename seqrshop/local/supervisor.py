"""Keeps the demo's processes, shows what they say, and stops them all together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from honcho.manager import Manager


class Supervisor(Manager):  # type: ignore[misc]  # honcho has no types
    """honcho's manager, which also tells who stopped unasked, and calls back once all run."""

    def __init__(self, when_started: Callable[[], None]) -> None:
        super().__init__()
        self._when_started = when_started
        self.stopped_unasked: str | None = None

    def terminate(self) -> None:
        """Stop all: called for a signal, or because one has stopped by itself."""
        gone = [name for name, entry in self._processes.items() if "returncode" in entry]
        if gone and not self._terminating:
            self.stopped_unasked = gone[0]
        super().terminate()

    def _start(self) -> None:
        super()._start()
        # Only now: honcho forks, and a process should not be forked while a thread runs in it.
        threading.Thread(target=self._when_started, daemon=True).start()
