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
from functools import partial
from pathlib import Path
from typing import Any

from seqrshop.local import ROOT
from seqrshop.local.servers import free_port, run_servers
from seqrshop.local.testing import settings_for_tests
from tests.processes import ManagedProcess, procfile_command, stop_all
from tests.proof.crash.chain import SETTINGS_OF_TERMINAL, add_chain
from tests.sandbox_process import SandboxProcess
from tests.tcp_proxy import LoadBalancer

STAFF_USER = "staff"
COLLEAGUE = "owner"
POLLERS = ("poller 1", "poller 2")
PROCFILE_LINES = {
    "web": "web",
    "worker 1": "worker",
    "worker 2": "worker",
    "background": "background",
    **dict.fromkeys(POLLERS, "poller"),
    "beat": "beat",
}
STOP_SECONDS = 30
LIFETIME_SECONDS = 30  # the shortest allowed, so that unpaid invoices end within the run


@dataclass(frozen=True)
class Cluster:
    """The running processes, and how to reach them."""

    folder: Path
    shop_url: str
    sandbox: SandboxProcess
    database_url: str
    staff_password: str
    processes: Mapping[str, ManagedProcess]
    web_ports: Mapping[str, int]
    env: Mapping[str, str]  # of the shop's processes


@contextmanager
def run_cluster(folder: Path, lines: Mapping[str, str] = PROCFILE_LINES) -> Iterator[Cluster]:
    """Run everything below `folder` until the block ends; `lines` has the Procfile's, by name.

    A load balancer stands before the web processes.

    PostgreSQL is as durable as in production. Redis keeps nothing on disk, so it loses all data
    when it is killed. SEQR sends no notifications: polling alone finds each payment.
    """
    with ExitStack() as to_stop:
        enter = to_stop.enter_context
        database = enter(run_servers(folder, durable=True, redis_url="none"))
        redis = enter(run_servers(folder, durable=False, database_url="none"))
        sandbox = enter(SandboxProcess("--certification"))
        sandbox.fault("notification", "lost")
        password = secrets.token_urlsafe(9)
        web_ports = {name: free_port() for name, line in lines.items() if line == "web"}
        port = enter(LoadBalancer(list(web_ports.values()))).port
        env = _environment(database.database_url, redis.redis_url, sandbox, port, password)
        owner = {"MIGRATION_DATABASE_URL": database.migration_database_url}
        for registration in _prepare(env | owner):
            sandbox.control("POST", "/shops", registration)
        env |= dict.fromkeys(SETTINGS_OF_TERMINAL, "")  # the terminals are rows from now on
        add_chain(env, sandbox)
        shop = {
            name: ManagedProcess(
                procfile_command(line, worker_name=worker_name(name)),
                log=_log(folder, name),
                env=env | ({"PORT": str(web_ports[name])} if name in web_ports else {}),
            )
            for name, line in lines.items()
        }
        (postgres,), (valkey,) = database.processes, redis.processes
        servers = {
            "postgresql": ManagedProcess.running(postgres, _log(folder, "postgresql"), Path("/")),
            "redis": ManagedProcess.running(valkey, _log(folder, "redis"), folder / "redis"),
        }
        to_stop.callback(stop_all, servers.values(), within=STOP_SECONDS)
        to_stop.callback(stop_all, shop.values(), within=STOP_SECONDS)
        for process in shop.values():
            process.start()
        processes = {**shop, **servers}
        for name, web_port in web_ports.items():
            shop[name].wait_until(partial(_connect, web_port))
        yield Cluster(
            folder,
            f"http://127.0.0.1:{port}",
            sandbox,
            database.database_url,
            password,
            processes,
            web_ports,
            env,
        )


def _environment(
    database_url: str, redis_url: str, sandbox: SandboxProcess, port: int, password: str
) -> dict[str, str]:
    return {
        **os.environ,
        **settings_for_tests(),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "SEQR_SERVICE_URL": sandbox.service_url,
        "SEQR_SESSION_URL": sandbox.session_url,
        "SEQR_APP_URL": sandbox.app_url,
        "INVOICE_LIFETIME_SECONDS": str(LIFETIME_SECONDS),
        "REFUND_DAILY_LIMIT_PER_PERSON": "1000000",  # nobody approves refunds during the run
        "DEMO_PASSWORD": password,
        "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _prepare(env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Create the tables and the demo shop; return its registration for the sandbox."""
    done = subprocess.run(
        [sys.executable, "-m", "seqrshop.local.prepare"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)["shops"]
    return found


def worker_name(process: str) -> str:
    """Return the name of a process among Celery's workers, without the machine's."""
    return process.replace(" ", "-")


def _connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=30).close()


def _log(folder: Path, name: str) -> Path:
    return folder / f"{worker_name(name)}.log"
