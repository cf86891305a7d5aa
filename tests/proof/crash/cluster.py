"""Starts the whole shop: its servers, the sandbox, and the processes of the Procfile."""

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from honcho.environ import parse_procfile

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import free_port, run_servers
from seqrshop.local.testing import settings_for_tests
from tests.proof.crash.process import Process
from tests.sandbox_process import SandboxProcess

STAFF_USER = "staff"
POLLERS = ("poller 1", "poller 2")
OF_PROCFILE = {
    "web": "web",
    "worker 1": "worker",
    "worker 2": "worker",
    **dict.fromkeys(POLLERS, "poller"),
    "beat": "beat",
}
START_SECONDS = 60
LIFETIME_SECONDS = 30  # the shortest that may be set: what is left unpaid ends within the run


@dataclass(frozen=True)
class House:
    """What runs, and how to reach it."""

    folder: Path
    shop_url: str
    sandbox: SandboxProcess
    database_url: str
    staff_password: str
    processes: Mapping[str, Process]


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Run everything below `folder` until the block ends.

    PostgreSQL is as durable as in production. Redis keeps nothing, so that it loses all when it is
    killed. SEQR sends no notification: the polling alone has to find each payment.
    """
    with ExitStack() as to_stop:
        enter = to_stop.enter_context
        database = enter(run_servers(folder, durable=True, redis_url="none"))
        redis = enter(run_servers(folder, durable=False, database_url="none"))
        sandbox = enter(SandboxProcess())
        sandbox.fault("notification", "lost")
        password = secrets.token_urlsafe(9)
        port = free_port()
        env = _environment(database.database_url, redis.redis_url, sandbox, port, password)
        for shop in _prepare(env):
            sandbox.control("POST", "/shops", shop)
        processes = _processes(folder, env)
        for name, running, cwd in (
            ("postgresql", database.processes, Path("/")),
            ("redis", redis.processes, folder / "redis"),
        ):
            (server,) = running
            assert isinstance(server.args, list)
            processes[name] = Process(
                name, server.args, cwd=cwd, env=env, log=folder / f"{name}.log"
            )
            processes[name].take_over(server)
        to_stop.callback(_stop, processes)
        for process in processes.values():
            process.start()
        _wait_until_open(port)
        yield House(
            folder, f"http://127.0.0.1:{port}", sandbox, database.database_url, password, processes
        )


def _environment(
    database_url: str, redis_url: str, sandbox: SandboxProcess, port: int, password: str
) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **os.environ,
        **settings_for_tests(),
        **orphans.owner_environment(),
        "PATH": path,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "SEQR_SERVICE_URL": sandbox.service_url,
        "SEQR_SESSION_URL": sandbox.session_url,
        "SEQR_APP_URL": sandbox.app_url,
        "INVOICE_LIFETIME_SECONDS": str(LIFETIME_SECONDS),
        "DEMO_PASSWORD": password,
        "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _prepare(env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Make the tables and the demo's café; return its shop as the sandbox wants to know it."""
    done = subprocess.run(
        [sys.executable, "-m", "seqrshop.local.prepare"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)["shops"]
    return found


def _processes(folder: Path, env: Mapping[str, str]) -> dict[str, Process]:
    lines = parse_procfile((ROOT / "Procfile").read_text()).processes
    return {
        name: Process(
            name,
            ["/bin/sh", "-c", f"exec {lines[line]}"],
            cwd=ROOT,
            env=env,
            log=folder / f"{name.replace(' ', '-')}.log",
        )
        for name, line in OF_PROCFILE.items()
    }


def _stop(processes: Mapping[str, Process]) -> None:
    """Stop the shop's own before the servers that they use."""
    for process in processes.values():
        process.stop()


def _wait_until_open(port: int) -> None:
    """Wait until the web process takes connections."""
    deadline = monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            if monotonic() > deadline:
                raise
            sleep(0.2)
        else:
            return
