"""Restarts the shop's processes one after another, each once the one before works again."""

import asyncio
import http.client
import json
import socket
import time
from dataclasses import dataclass

from celery import Celery
from kombu.exceptions import OperationalError

from tests.proof.crash.cluster import Cluster, worker_name

PROCFILE_LINES = {
    **{"web 1": "web", "web 2": "web"},
    **{"worker 1": "worker", "worker 2": "worker"},
    **{"background 1": "background", "background 2": "background"},
    **{"poller 1": "poller", "poller 2": "poller"},
    "beat": "beat",
}
STOP_SECONDS = 30.0  # what a supervisor allows before it kills
READY_SECONDS = 60.0
HEALTH_SECONDS = 30.0
SETTLE_SECONDS = 3.0  # so that customers meet each process, before and after
PING_SECONDS = 1.0
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Restart:
    """One process's restart: from its SIGTERM until the shop's health was ok again.

    `stop_seconds` until the process had exited, `ready_seconds` from then until the new one worked.
    """

    process: str
    began_at: float  # in seconds since 1970
    stop_seconds: float
    ready_seconds: float
    ended_at: float


class Roll:
    """Restarts the processes of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._celery = Celery(broker=cluster.env["REDIS_URL"])

    async def restart_all(self) -> list[Restart]:
        """Restart every process. Raises what restart() raises."""
        restarts = []
        for name in PROCFILE_LINES:
            restarts.append(await asyncio.to_thread(self.restart, name))
            await asyncio.sleep(SETTLE_SECONDS)
        return restarts

    def restart(self, name: str) -> Restart:
        """Stop a process by SIGTERM, start it, and wait until it works and health is ok.

        Raises subprocess.TimeoutExpired where it does not stop, ProcessStartError where it, or the
        shop's health, does not come back.
        """
        process, began_at = self._cluster.processes[name], time.time()
        stop_seconds = process.stop(within=STOP_SECONDS)
        started_at = time.time()
        process.start()
        process.wait_until(lambda: self._require_ready(name), READY_SECONDS)
        ready_seconds = time.time() - started_at
        process.wait_until(self._require_health, HEALTH_SECONDS)
        return Restart(name, began_at, stop_seconds, ready_seconds, time.time())

    def _require_ready(self, name: str) -> None:
        """Raise OSError unless the process works."""
        line = PROCFILE_LINES[name]
        if line == "web":
            _get(self._cluster.web_ports[name], "/health/ready")
        elif line != "beat":  # which nobody can ask
            self._require_answer(f"{worker_name(name)}@{socket.gethostname()}")

    def _require_answer(self, worker: str) -> None:
        try:
            answers = self._celery.control.ping(destination=[worker], timeout=PING_SECONDS)
        except OperationalError as error:
            raise OSError from error
        if not answers:
            raise OSError(f"{worker} does not answer")

    def _require_health(self) -> None:
        time.sleep(LOOK_SECONDS)
        status = [
            json.loads(_get(port, "/health"))["status"] for port in self._cluster.web_ports.values()
        ]
        if set(status) != {"ok"}:
            raise OSError(f"health is {status}")


def _get(port: int, path: str) -> bytes:
    """Return the body of a response with status 200; raise OSError for any other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError from error
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise OSError(f"{path} got {response.status}")
    return body
