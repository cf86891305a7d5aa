"""The designs that are compared: the process that polls, and the processes it needs."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import redis
from django.conf import settings

from tests.bench import naive
from tests.bench.fake_seqr_process import SeqrProcess
from tests.bench.launch import Launcher
from tests.bench.machine import Cores
from tests.bench.shop import BenchShop


@dataclass(frozen=True)
class Bench:
    """The processes and cores that a measurement uses."""

    launcher: Launcher
    cores: Cores
    seqr: SeqrProcess
    shop: BenchShop
    postgres: psutil.Process
    redis: psutil.Process

    def clear_redis(self) -> None:
        """Delete the tasks and locks of the previous measurement."""
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()


@dataclass(frozen=True)
class Design:
    """A way to poll.

    `start` starts it, given the references, and returns the process that asks, then any that
    enqueue for it.
    """

    name: str
    start: Callable[[Bench, Launcher, list[int]], list[psutil.Process]]
    records: bool = True


def _ours(bench: Bench, launcher: Launcher, _references: list[int]) -> list[psutil.Process]:
    started = launcher.start_from_procfile("poller", bench.cores.worker)
    return [psutil.Process(started.process.pid)]


def _naive(bench: Bench, launcher: Launcher, _references: list[int]) -> list[psutil.Process]:
    naive.enqueue_open()  # which may take longer than a second, so it is no part of the window
    enqueues = [sys.executable, "-m", "tests.bench.naive"]
    ticker = launcher.start("ticker", enqueues, bench.cores.rest)
    worker = launcher.start("naive", naive.WORKER, bench.cores.worker)
    return [psutil.Process(worker.process.pid), psutil.Process(ticker.process.pid)]


def _bare(interval: float) -> Callable[[Bench, Launcher, list[int]], list[psutil.Process]]:
    def start(bench: Bench, launcher: Launcher, references: list[int]) -> list[psutil.Process]:
        command = [sys.executable, "-m", "tests.bench.bare", bench.seqr.service_url]
        command += [str(references[0]), str(len(references)), str(interval)]
        return [psutil.Process(launcher.start("bare", command, bench.cores.worker).process.pid)]

    return start


OURS = Design("ours", _ours)
NAIVE = Design("naive", _naive)
BARE = Design("bare", _bare(1.0), records=False)
BARE_AT_FULL_SPEED = Design("bare, full speed", _bare(0.0), records=False)
