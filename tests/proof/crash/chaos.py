"""Kills the shop's processes at random moments, and restarts each a little later."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tests.processes import ManagedProcess
from tests.proof.crash.cluster import POLLERS

# Relative frequencies. The kill of a server disturbs all other processes too.
WEIGHTS = {
    "web": 3,
    "worker 1": 3,
    "worker 2": 3,
    "background": 3,
    "poller 1": 3,
    "poller 2": 3,
    "beat": 2,
    "redis": 2,
    "postgresql": 2,
}
PAUSE_SECONDS = (1.0, 3.0)
DOWN_SECONDS = (0.2, 4.0)
WITHOUT_POLLERS_SECONDS = (24.0, 36.0)  # SEQR reverses unconfirmed payments after 20


class Chaos:
    """Kills and restarts processes by a plan that the seed decides.

    Each kill and start is a line in `log`, with its time.
    """

    def __init__(self, processes: Mapping[str, ManagedProcess], seed: int, log: Path) -> None:
        self.kills: Counter[str] = Counter()
        self.exited: Counter[str] = Counter()
        self._processes = processes
        self._log = log
        self._random = random.Random(f"{seed} killer")
        self._restarts: dict[str, asyncio.Task[None]] = {}

    async def kill_randomly(self, seconds: float) -> None:
        """Kill processes for so many seconds, then restart them all."""
        clock = asyncio.get_running_loop().time
        ends = clock() + seconds
        without_pollers_at = ends - seconds * self._random.uniform(0.6, 0.8)
        pollers_ran = True
        while clock() < ends:
            await asyncio.sleep(self._random.uniform(*PAUSE_SECONDS))
            if pollers_ran and clock() > without_pollers_at:
                pollers_ran = False
                down_seconds = self._random.uniform(*WITHOUT_POLLERS_SECONDS)
                for name in POLLERS:
                    self._kill(name, down_seconds)
            (victim,) = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
            down_seconds = self._random.uniform(*DOWN_SECONDS)
            if victim not in self._restarts:
                self._kill(victim, down_seconds)
            self._restart_exited()
        await asyncio.gather(*self._restarts.values())
        self._restart_exited()

    def _kill(self, name: str, down_seconds: float) -> None:
        """Kill a process, or extend the downtime of one that is down already."""
        if name in self._restarts:
            self._restarts.pop(name).cancel()
        process = self._processes[name]
        if process.is_running():
            process.kill()
            self.kills[name] += 1
            self._log_event(f"{name} is killed, for {down_seconds:.1f} s")
        self._restarts[name] = asyncio.create_task(self._restart_later(name, down_seconds))

    async def _restart_later(self, name: str, down_seconds: float) -> None:
        await asyncio.sleep(down_seconds)
        self._processes[name].start()
        self._log_event(f"{name} is started")
        del self._restarts[name]

    def _restart_exited(self) -> None:
        """Restart the processes that have exited without a kill, as a supervisor would."""
        for name, process in self._processes.items():
            if name not in self._restarts and not process.is_running():
                self.exited[name] += 1
                self._log_event(f"{name} exited by itself, and is started")
                process.start()

    def _log_event(self, what: str) -> None:
        with self._log.open("a") as log:
            log.write(f"{datetime.now().astimezone():%H:%M:%S.%f} {what}\n")
