"""Web, workers and Beat: whether they run, answer, and have this version."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from seqrshop import __version__
from seqrshop.celery import app
from seqrshop.ops.doctor.finding import Finding, count, duration, failed, ok, unknown, warning
from seqrshop.ops.doctor.http_requests import RequestError, get
from seqrshop.presence import Process, last_entries, present_processes

PING_TIMEOUT_SECONDS = 1.5
MAX_TICK_AGE_SECONDS = 15.0  # Beat enqueues something every two seconds
LOOPBACK = "127.0.0.1"
ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 - where web may listen
WITHOUT = {
    "web": "the pages and the admin are down",
    "worker": "orders are not sent",
    "background": "refunds, receipts and cancels wait",
    "poller": "nobody queries open payments",
}


def processes() -> Iterator[Finding]:
    """Check the processes of each kind but Beat."""
    try:
        present = present_processes()
        answering = _answering_workers()
    except (RedisError, BrokerError):
        yield unknown("processes", "Redis")
        return
    for kind in WITHOUT:
        of_kind = [each for each in present if each.kind == kind]
        yield _kind(kind, of_kind, None if kind == "web" else answering)


def _kind(kind: str, present: Sequence[Process], answering: set[str] | None) -> Finding:
    if not present:
        return failed(kind, f"None runs or answers: {WITHOUT[kind]}.", f"Start or restart {kind}.")
    other = [each for each in present if each.version != __version__]
    if other:
        versions = ", ".join(sorted({each.version for each in other}))
        return failed(
            kind,
            f"{_names(other)} runs version {versions}, and this is {__version__}.",
            "Restart it with this version.",
        )
    silent = [each for each in present if answering is not None and each.name not in answering]
    if len(silent) == len(present) and kind != "poller":
        return failed(kind, f"{_names(silent)} runs, and does not answer.", "Restart it.")
    if silent:
        return warning(
            kind,
            f"{_names(silent)} runs, and takes no task.",
            "Restart it" + (", while another poller runs." if kind == "poller" else "."),
        )
    return ok(kind, f"{count(len(present), 'process', 'processes')} of version {__version__}.")


def beat() -> Iterator[Finding]:
    """Check when Beat enqueued something last."""
    yield _beat(on_this_host=False)


def _beat(*, on_this_host: bool) -> Finding:
    try:
        ages = {each: age for each, age in last_entries().items() if each.kind == "beat"}
    except RedisError:
        return unknown("beat", "Redis")
    if on_this_host:
        ages = {each: age for each, age in ages.items() if each.host == socket.gethostname()}
    if not ages:
        return failed("beat", "It has enqueued nothing for a day.", "Start the process beat.")
    latest = min(ages, key=ages.__getitem__)
    age = ages[latest]
    if age > MAX_TICK_AGE_SECONDS:
        return failed(
            "beat",
            f"It enqueued its last task {duration(age)} ago, on {latest.host}: lost work is not "
            "found again.",
            "Restart the process beat.",
        )
    if latest.version != __version__:
        return failed(
            "beat",
            f"It runs version {latest.version}, and this is {__version__}.",
            "Restart it with this version.",
        )
    return ok("beat", f"It enqueued its last task {duration(age)} ago.")


# --- One process, for its container's health check ---------------------------------------------


def own_web() -> Iterator[Finding]:
    """Check that the web process of this host answers."""
    host = os.environ.get("LISTEN_HOST") or LOOPBACK
    host = LOOPBACK if host in ALL_ADDRESSES else f"[{host}]" if ":" in host else host
    try:
        answer = get(f"http://{host}:{os.environ.get('PORT') or 8000}/health/live")
    except RequestError as error:
        yield failed("web", error.message, "Restart it.")
        return
    if answer.status == 200:
        yield ok("web", "It answers.")
    else:
        yield failed("web", f"It answers with HTTP status {answer.status}.", "Restart it.")


def own_worker(kind: str) -> Iterator[Finding]:
    """Check that the worker of this kind on this host takes tasks."""
    host = socket.gethostname()
    try:
        own = [
            each.name for each in present_processes() if (each.kind, each.host) == (kind, host)
        ] or [f"{kind}@{host}"]
        answering = _answering_workers(own)
    except (RedisError, BrokerError):
        yield unknown(kind, "Redis")
        return
    if answering:
        yield ok(kind, "It answers.")
    else:
        yield failed(kind, f"{own[0]} does not answer.", "Restart it.")


def own_beat() -> Iterator[Finding]:
    """Check that the Beat of this host enqueues tasks."""
    yield _beat(on_this_host=True)


def _answering_workers(names: Sequence[str] | None = None) -> set[str]:
    """Return the names of the workers that answer a ping. Raises RedisError, BrokerError."""
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1)
        answers: list[dict[str, Any]] | None = app.control.ping(
            destination=names, timeout=PING_TIMEOUT_SECONDS, connection=connection
        )
    return {name for answer in answers or [] for name in answer}


def _names(found: Sequence[Process]) -> str:
    return ", ".join(f"{each.name} (pid {each.pid})" for each in found)
