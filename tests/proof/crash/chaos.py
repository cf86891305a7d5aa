"""Kills the shop's processes at random moments, and starts each again a little later."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tests.processes import ManagedProcess
from tests.proof.crash.cluster import POLLERS

# How often each is hit, against the others. A server takes all processes down a little.
WEIGHTS = {
    "web": 3,
    "worker 1": 3,
    "worker 2": 3,
    "poller 1": 3,
    "poller 2": 3,
    "beat": 2,
    "redis": 2,
    "postgresql": 2,
}
PAUSE_SECONDS = (1.0, 3.0)
DEAD_SECONDS = (0.2, 4.0)
WITHOUT_POLLERS_SECONDS = (24.0, 36.0)  # SEQR returns a payment that nobody asks about in 20


class Killer:
    """Works off a plan that the seed decides; what a process is at just then, the machine does.

    Each death and birth is a line in `log`, to be read beside the logs of the processes.
    """

    def __init__(self, processes: Mapping[str, ManagedProcess], seed: int, log: Path) -> None:
        self.kills: Counter[str] = Counter()
        self.ended_by_themselves: Counter[str] = Counter()
        self._processes = processes
        self._log = log
        self._random = random.Random(f"{seed} killer")
        self._restarts: dict[str, asyncio.Task[None]] = {}

    async def rage(self, seconds: float) -> None:
        """Kill for so long; when it returns, all processes run."""
        clock = asyncio.get_running_loop().time
        ends = clock() + seconds
        without_pollers_at = ends - seconds * self._random.uniform(0.6, 0.8)
        had_pollers = True
        while clock() < ends:
            await asyncio.sleep(self._random.uniform(*PAUSE_SECONDS))
            if had_pollers and clock() > without_pollers_at:
                had_pollers = False
                dead_for = self._random.uniform(*WITHOUT_POLLERS_SECONDS)
                for name in POLLERS:
                    self._kill(name, dead_for)
            (victim,) = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
            dead_for = self._random.uniform(*DEAD_SECONDS)
            if victim not in self._restarts:
                self._kill(victim, dead_for)
            self._look_around()
        await asyncio.gather(*self._restarts.values())
        self._look_around()

    def _kill(self, name: str, dead_for: float) -> None:
        """End a process, or let one that is dead already be dead for longer."""
        if name in self._restarts:
            self._restarts.pop(name).cancel()
        process = self._processes[name]
        if process.is_running():
            process.kill()
            self.kills[name] += 1
            self._note(f"{name} is killed, for {dead_for:.1f} s")
        self._restarts[name] = asyncio.create_task(self._start_again(name, dead_for))

    async def _start_again(self, name: str, dead_for: float) -> None:
        await asyncio.sleep(dead_for)
        self._processes[name].start()
        self._note(f"{name} is started")
        del self._restarts[name]

    def _look_around(self) -> None:
        """Note, and start again as a supervisor would, what has ended without being killed."""
        for name, process in self._processes.items():
            if name not in self._restarts and not process.is_running():
                self.ended_by_themselves[name] += 1
                self._note(f"{name} has ended by itself, and is started")
                process.start()

    def _note(self, what: str) -> None:
        with self._log.open("a") as log:
            log.write(f"{datetime.now().astimezone():%H:%M:%S.%f} {what}\n")
