"""Cores, CPU time and memory of processes, and a description of the machine."""

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
import pycurl
from django.db import connection

VERSIONS_OF = ("celery", "django", "lxml", "psycopg", "pycurl", "uvicorn", "zeep")


@dataclass(frozen=True)
class Cores:
    """The cores of the poller, of the fake SEQR, and of everything else."""

    worker: frozenset[int]
    seqr: frozenset[int]
    rest: frozenset[int]

    @property
    def are_separate(self) -> bool:
        """Whether all three have cores of their own."""
        return self.seqr != self.rest


def assign_cores(cores: set[int]) -> Cores:
    """Give the poller its own core, and the fake SEQR one where there are three."""
    first, *others = sorted(cores)
    if not others:
        return Cores(*[frozenset({first})] * 3)
    second, *rest = others
    return Cores(frozenset({first}), frozenset({second}), frozenset(rest or {second}))


@contextmanager
def pinned(cores: frozenset[int]) -> Iterator[None]:
    """Pin the processes that the block starts to these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that a process and its children, including exited ones, have used."""
    times = process.cpu_times()
    total: float = times.user + times.system + times.children_user + times.children_system
    for child in process.children():
        with suppress(psutil.NoSuchProcess):  # it ended just now
            total += cpu_seconds(child)
    return total


def pss_bytes(process: psutil.Process) -> int:
    """Return the proportional set size (PSS) of a process."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel reports no PSS")


def describe(cores: Cores) -> str:
    """Return sentences about the machine, the versions, and the cores that each process had."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [postgres] = cursor.fetchone()
    return f"{describe_machine(postgres, VERSIONS_OF, _libcurl())} {_pinning(cores)}"


def describe_machine(postgres: str, libraries: Sequence[str], *other_versions: str) -> str:
    """Return a sentence about the machine and the versions of PostgreSQL and of libraries."""
    memory = psutil.virtual_memory().total / 2**30
    versions = [*other_versions, *(f"{name} {version(name)}" for name in libraries)]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB; "
        f"{platform.system()} {platform.release()}; CPython {platform.python_version()}, "
        f"PostgreSQL {postgres}, {', '.join(versions)}."
    )


def _pinning(cores: Cores) -> str:
    if cores.are_separate:
        return (
            "The poller had a core of its own, the fake SEQR another, everything else "
            f"{len(cores.rest)} more."
        )
    if cores.worker != cores.rest:
        return (
            "Two cores, where three are wanted: the poller had one, and the fake SEQR shared the "
            "other with PostgreSQL, Redis and everything else."
        )
    return "One core, where three are wanted: everything shared it."


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _libcurl() -> str:
    return str(next(part for part in pycurl.version.split() if part.startswith("libcurl")))
