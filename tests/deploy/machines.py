"""Runs the shop on machines of its own: two webs, workers, two pollers, nginx and Caddy."""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import trustme
from cryptography.fernet import Fernet

from seqrshop.local import ROOT
from seqrshop.local.servers import Servers, run_servers
from seqrshop.local.testing import settings_for_tests
from tests.deploy.customer import Phone
from tests.deploy.namespaces import Forwarder, Machine, prepare
from tests.deploy.proxies import CADDYFILE, SHOP_HOST, write_nginx
from tests.deploy.tools import DEPLOY, PROGRAMS
from tests.processes import ManagedProcess, stop_all
from tests.sandbox_process import SandboxProcess

NUMBERS = {
    "nginx": 10,
    "caddy": 11,
    "web-1": 21,
    "web-2": 22,
    "worker": 31,
    "poller-1": 41,
    "poller-2": 42,
    "customer": 51,
}
# By the name of the process, its machine, and how deploy/run starts it.
PROCESSES = {
    "web-1": ("web-1", ["web"]),
    "web-2": ("web-2", ["web"]),
    "worker": ("worker", ["worker"]),
    "background": ("worker", ["background"]),
    "beat": ("worker", ["beat"]),
    "poller-1": ("poller-1", ["poller", "-n", "poller-1@%h"]),
    "poller-2": ("poller-2", ["poller", "-n", "poller-2@%h"]),
}
WEB_PORT = 8000
STOP_SECONDS = 40.0
SECRETS = ("SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN")


@dataclass(frozen=True)
class Shop:
    """The running processes, the machines, and how to reach them."""

    folder: Path
    sandbox: SandboxProcess
    machines: Mapping[str, Machine]
    processes: Mapping[str, ManagedProcess]
    env: Mapping[str, str]
    metrics_token: str
    trusted: ssl.SSLContext

    def phone(self, proxy: str) -> Phone:
        """Return a customer's phone that reaches the shop through this proxy."""
        return Phone(self.machines["customer"], self.machines[proxy], self.trusted)

    def health_check(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the health check of a process on its machine, as its container does."""
        machine, (kind, *_) = PROCESSES[name]
        return self.doctor(machine, "--process", kind)

    def doctor(self, machine: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the doctor on a machine; what fails is repeated for half a minute."""
        command = [str(DEPLOY / "run"), "manage", "doctor", "--wait", "30", *options]
        return subprocess.run(
            self.machines[machine].command(*command),
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def restart(self, name: str) -> None:
        """Start a web process again, and wait until it answers."""
        process = self.processes[name].start()
        address = self.machines[name].address
        process.wait_until(
            lambda: self.machines["customer"].connect(address, WEB_PORT, 1.0).close()
        )


@contextmanager
def run_shop(folder: Path) -> Iterator[Shop]:
    """Run everything below `folder` until the block ends."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    prepare({SHOP_HOST: f"10.99.0.{NUMBERS['nginx']}"})
    machines = {name: Machine(name, number) for name, number in NUMBERS.items()}
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")  # so that SEQR trusts the shop
    with ExitStack() as to_stop:
        servers = to_stop.enter_context(run_servers(folder, durable=False))
        sandbox = to_stop.enter_context(SandboxProcess())
        env, token = _settings(folder, servers, sandbox)
        _prepare_database(env, servers, sandbox)
        forwarder = Forwarder()
        for name in {machine for machine, _ in PROCESSES.values()}:
            for url in (servers.database_url, servers.redis_url, sandbox.base_url):
                forwarder.forward(machines[name], urlsplit(url).port or 0)
        processes = {
            name: ManagedProcess(
                machines[machine].command(str(DEPLOY / "run"), *arguments),
                log=folder / f"{name}.log",
                env=env,
            )
            for name, (machine, arguments) in PROCESSES.items()
        }
        processes["nginx"] = _nginx(folder, machines, authority)
        processes["caddy"] = _caddy(folder, machines, authority)
        to_stop.callback(stop_all, processes.values(), within=STOP_SECONDS)
        for process in processes.values():
            process.start()
        trusted = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        shop = Shop(folder, sandbox, machines, processes, env, token, trusted)
        for name in ("web-1", "web-2"):
            shop.restart(name)
        yield shop


def _settings(
    folder: Path, servers: Servers, sandbox: SandboxProcess
) -> tuple[dict[str, str], str]:
    """Write the secrets to files; return the environment, and the token of the metrics."""
    token = secrets.token_urlsafe(24)
    keys = [secrets.token_urlsafe(50), Fernet.generate_key().decode()]
    values = [*keys, servers.database_url, servers.redis_url, token]
    (folder / "secrets").mkdir()
    for name, value in zip(SECRETS, values, strict=True):
        (folder / "secrets" / name).write_text(value)
    settings = {
        **settings_for_tests(),
        **dict.fromkeys(SECRETS, ""),
        "ALLOWED_HOSTS": SHOP_HOST,
        "PUBLIC_BASE_URL": f"https://{SHOP_HOST}",
        "TRUSTED_PROXIES": "1",
        "SEQR_SERVICE_URL": sandbox.service_url,
        "SEQR_SESSION_URL": sandbox.session_url,
        "SEQR_APP_URL": sandbox.app_url,
        "STATIC_ROOT": str(folder / "static"),
        "LISTEN_HOST": "0.0.0.0",  # noqa: S104 - in a namespace of its own
        "PORT": str(WEB_PORT),
        "WEB_CONCURRENCY": "1",
        "CREDENTIALS_DIRECTORY": str(folder / "secrets"),
    }
    return {**os.environ, **settings}, token


def _prepare_database(env: dict[str, str], servers: Servers, sandbox: SandboxProcess) -> None:
    """Migrate as the owner, make the demo's shops, and register them at SEQR."""
    files = {f"{name}_FILE": f"{env['CREDENTIALS_DIRECTORY']}/{name}" for name in SECRETS}
    owner = {
        "MIGRATION_DATABASE_URL": servers.migration_database_url,
        "DEMO_PASSWORD": secrets.token_urlsafe(9),
        "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
    }
    prepare = [sys.executable, "-m", "seqrshop.local.prepare"]
    done = subprocess.run(
        prepare, cwd=ROOT, env={**env, **files, **owner}, stdout=subprocess.PIPE, check=True
    )
    for registration in json.loads(done.stdout)["shops"]:
        sandbox.control("POST", "/shops", registration)


def _nginx(folder: Path, machines: Mapping[str, Machine], authority: trustme.CA) -> ManagedProcess:
    main = write_nginx(folder / "nginx", authority)
    upstream = main.with_name("upstream.conf")
    text = upstream.read_text()
    for name, port in (("web-1", 8001), ("web-2", 8002)):
        text = text.replace(f"127.0.0.1:{port}", f"{machines[name].address}:{WEB_PORT}")
    upstream.write_text(text)
    options = f"daemon off; pid {folder}/nginx.pid;"
    command = ["nginx", "-c", str(main), "-e", str(folder / "nginx-error.log"), "-g", options]
    return ManagedProcess(machines["nginx"].command(*command), log=folder / "nginx.log")


def _caddy(folder: Path, machines: Mapping[str, Machine], authority: trustme.CA) -> ManagedProcess:
    certificate = authority.issue_cert(SHOP_HOST)
    pem = folder / "caddy.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(pem)
    site = "{$SHOP_HOST} {\n"
    file = folder / "Caddyfile"
    file.write_text(CADDYFILE.read_text().replace(site, f"{site}\ttls {pem} {pem}\n"))
    addresses = [f"{machines[name].address}:{WEB_PORT}" for name in ("web-1", "web-2")]
    env = {
        **os.environ,
        "SHOP_HOST": SHOP_HOST,
        "WEB_ADDRESSES": " ".join(addresses),
        "XDG_DATA_HOME": str(folder / "caddy-data"),
        "XDG_CONFIG_HOME": str(folder / "caddy-config"),
    }
    command = [str(PROGRAMS / "caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]
    return ManagedProcess(machines["caddy"].command(*command), log=folder / "caddy.log", env=env)
