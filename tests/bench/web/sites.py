"""What is measured: the shop, the usual design, and a bare page, each as its processes."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from seqrshop.local import ROOT
from seqrshop.local.servers import Servers, free_port
from seqrshop.local.testing import settings_for_tests
from tests.processes import ManagedProcess, procfile_command, stop_all
from tests.sandbox_process import SandboxProcess

STOP_SECONDS = 20
SHOP, USUAL, BARE = "the shop", "the usual design", "a bare page"
# The processes that all sites share.
POSTGRESQL, REDIS, SANDBOX, LOAD = "PostgreSQL", "Redis", "sandbox", "load generator"
USUAL_DATABASE = "usual"
USUAL_WEB = (
    "gunicorn tests.bench.usual_design.wsgi --workers 2 --worker-class gthread --threads 8"
    " --no-control-socket --bind 127.0.0.1:{port}"
)
USUAL_CELERY = "celery --quiet -A tests.bench.usual_design"


@dataclass(frozen=True)
class Site:
    """Running processes by their kind, and where customers reach them."""

    name: str
    port: int
    slug: str
    service_id: str
    processes: Mapping[str, psutil.Process]
    database_url: str  # for the owner
    unfinished: str  # a query that counts the payments whose receipt is not submitted


@dataclass(frozen=True)
class Machine:
    """The servers and the sandbox that all sites use, and the folder of the run."""

    folder: Path
    servers: Servers
    sandbox: SandboxProcess
    env: dict[str, str] = field(default_factory=dict)

    @property
    def shared(self) -> dict[str, psutil.Process]:
        """The processes of the servers and of the sandbox."""
        postgres, valkey = (psutil.Process(each.pid) for each in self.servers.processes)
        sandbox = psutil.Process(self.sandbox.process.pid)
        return {POSTGRESQL: postgres, REDIS: valkey, SANDBOX: sandbox}

    @property
    def postgres_log(self) -> Path:
        """The log of PostgreSQL."""
        return self.folder / "postgres" / "server.log"


def prepare(machine: Machine) -> None:
    """Create both databases, their tables and menus, and register both shops with the sandbox."""
    port = free_port()
    machine.env.update(
        {
            **os.environ,
            **settings_for_tests(),
            "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
            "DATABASE_URL": machine.servers.database_url,
            "REDIS_URL": machine.servers.redis_url,
            "PORT": str(port),
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
            "STATIC_ROOT": str(machine.folder / "static"),
            "SEQR_SERVICE_URL": machine.sandbox.service_url,
            "SEQR_SESSION_URL": machine.sandbox.session_url,
            "SEQR_APP_URL": machine.sandbox.app_url,
            "DEMO_PASSWORD": "a password of the bench",
            "USUAL_DATABASE_URL": _with_path(
                machine.servers.migration_database_url, USUAL_DATABASE
            ),
            "USUAL_REDIS_URL": _with_path(machine.servers.redis_url, "1"),
        }
    )
    owner = {"MIGRATION_DATABASE_URL": machine.servers.migration_database_url}
    for registration in json.loads(_run("seqrshop.local.prepare", machine.env | owner))["shops"]:
        machine.sandbox.control("POST", "/shops", registration)
    machine.env["MIGRATION_DATABASE_URL"] = ""
    with psycopg.connect(machine.servers.migration_database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {USUAL_DATABASE}".encode())
    _run("tests.bench.usual_design.prepare", _usual_env(machine))
    machine.sandbox.register_shop("USUAL", f"{machine.env['PUBLIC_BASE_URL']}/usual")


@contextmanager
def run_shop(machine: Machine, **web_settings: str) -> Iterator[Site]:
    """Run the processes of the Procfile, as `make run` starts them, until the block ends.

    `web_settings` go to the environment of its web process alone.
    """
    commands = {
        name: procfile_command(name) for name in ("web", "worker", "background", "poller", "beat")
    }
    with _running(machine, commands, machine.env, web_env=web_settings) as processes:
        yield Site(
            SHOP,
            int(machine.env["PORT"]),
            "lyktan",
            "LYKTAN",
            processes,
            machine.servers.migration_database_url,
            "SELECT count(*) FROM payments_invoice"
            " WHERE status = 'PAID' AND receipt_accepted_at IS NULL",
        )


@contextmanager
def run_usual_design(machine: Machine) -> Iterator[Site]:
    """Run the usual design until the block ends: gunicorn, a Celery worker, Beat."""
    port = machine.env["PORT"]
    schedule = machine.folder / "usual-schedule"
    python = [sys.executable, "-m"]
    commands = {
        "web": [*python, *USUAL_WEB.format(port=port).split()],
        "worker": [*python, *f"{USUAL_CELERY} worker --concurrency 4".split()],
        "beat": [*python, *f"{USUAL_CELERY} beat --pidfile= --schedule".split(), str(schedule)],
    }
    env = _usual_env(machine)
    with _running(machine, commands, env) as processes:
        yield Site(
            USUAL,
            int(port),
            "usual",
            "USUAL",
            processes,
            env["USUAL_DATABASE_URL"],
            "SELECT count(*) FROM usual_design_invoice"
            " WHERE status = 'PAID' AND receipt_sent_at IS NULL",
        )


@contextmanager
def run_bare_page(machine: Machine) -> Iterator[Site]:
    """Run a bare Django page under the shop's server until the block ends."""
    env = machine.env | {"DJANGO_SETTINGS_MODULE": "tests.bench.web.bare_settings"}
    with _running(machine, {"web": procfile_command("web")}, env) as processes:
        port = int(machine.env["PORT"])
        yield Site(BARE, port, "", "", processes, machine.servers.migration_database_url, "")


@contextmanager
def _running(
    machine: Machine,
    commands: Mapping[str, list[str]],
    env: Mapping[str, str],
    web_env: Mapping[str, str] | None = None,
) -> Iterator[dict[str, psutil.Process]]:
    """Start processes that name themselves to PostgreSQL; wait until web listens."""
    started = {
        name: ManagedProcess(
            command,
            log=machine.folder / f"{name}.log",
            env={**env, **((web_env or {}) if name == "web" else {}), "PGAPPNAME": name},
        )
        for name, command in commands.items()
    }
    with ExitStack() as to_stop:
        to_stop.callback(stop_all, started.values(), within=STOP_SECONDS)
        for process in started.values():
            process.start()
        started["web"].wait_until(lambda: _request(int(env["PORT"])))
        yield {name: psutil.Process(each.process.pid) for name, each in started.items()}


def _request(port: int) -> None:
    """Wait for an answer of web. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STOP_SECONDS)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    finally:
        connection.close()


def _usual_env(machine: Machine) -> dict[str, str]:
    return machine.env | {"DJANGO_SETTINGS_MODULE": "tests.bench.usual_design.settings"}


def _run(module: str, env: Mapping[str, str]) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True
    )
    return done.stdout


def _with_path(url: str, path: str) -> str:
    return f"{url.rpartition('/')[0]}/{path}"
