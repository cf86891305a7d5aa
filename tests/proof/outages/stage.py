"""The shop's processes, its servers and SEQR, with a proxy before each that can fail."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from django.db import connection
from honcho.environ import parse_procfile

from seqrshop.local import ROOT
from seqrshop.local.servers import Servers
from tests.bench.fake_seqr_process import SeqrProcess
from tests.bench.launch import Launcher
from tests.bench.shop import BenchShop
from tests.processes import ManagedProcess
from tests.proof.outages.customer import Customer
from tests.proof.outages.outage import Outage
from tests.proof.outages.standby import Standby, with_port
from tests.tcp_proxy import TcpProxy

READY_SECONDS = 90
POLL_SECONDS = 0.1


@dataclass
class Stage:
    """Everything that an outage needs. `servers` and `proxies` are by the server's name."""

    launcher: Launcher
    seqr: SeqrProcess
    shop: BenchShop
    addresses: Servers
    servers: dict[str, ManagedProcess]
    proxies: Mapping[str, TcpProxy]
    payments_per_second: float = 0.0
    standby: Standby | None = None

    @contextmanager
    def run_shop(self, outage: Outage) -> Iterator[Customer]:
        """Run the shop with the outage's open invoices; return a customer who has not ordered."""
        with redis.Redis.from_url(self.addresses.redis_url) as client:
            client.flushall()
        self.seqr.set_behaviour()
        self.shop.fill(outage.open)
        customer = Customer(self.shop.shop, int(self.launcher.env["PORT"]))
        self.seqr.count()
        env = {
            "DATABASE_URL": with_port(self.addresses.database_url, self.proxies["PostgreSQL"].port),
            "REDIS_URL": with_port(self.addresses.redis_url, self.proxies["Redis"].port),
            "SEQR_POLL_SHARDS": str(outage.shards),
        }
        if outage.through_proxy:
            env["SEQR_SERVICE_URL"] = with_port(self.seqr.service_url, self.proxies["SEQR"].port)
        launcher = Launcher(self.launcher.folder, self.launcher.env | env)
        with launcher:
            for line in parse_procfile((ROOT / "Procfile").read_text()).processes:
                for number in range(outage.pollers if line == "poller" else 1):
                    launcher.start_from_procfile(line, ANY_CORE, name=f"{line}-{number}")
            self._wait_until_ready(customer)
            yield customer

    def restart_server(self, name: str) -> None:
        """Start a killed server, and wait until it accepts commands."""
        self.servers[name].start()
        connect = {"PostgreSQL": self._connect_postgresql, "Redis": self._connect_redis}[name]
        self.servers[name].wait_until(connect)

    def promote(self, standby: Standby) -> None:
        """Promote the standby, and let all connections go to it."""
        standby.promote()
        self.servers["PostgreSQL"] = standby.process
        port = urlsplit(standby.superuser_url).port or 0
        self.addresses = replace(
            self.addresses,
            database_url=with_port(self.addresses.database_url, port),
            migration_database_url=standby.superuser_url,
        )
        for name in ("PostgreSQL", OWN_CONNECTIONS):
            self.proxies[name].upstream_port = port
        connection.close()

    def _connect_postgresql(self) -> None:
        try:
            psycopg.connect(self.addresses.database_url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            raise ConnectionError from error
        connection.close()

    def _connect_redis(self) -> None:
        try:
            with redis.Redis.from_url(self.addresses.redis_url, socket_timeout=2) as client:
                client.ping()
        except redis.RedisError as error:
            raise ConnectionError from error

    def _wait_until_ready(self, customer: Customer) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            stats = self.seqr.stats()
            if stats.never_queried == 0 and stats.silence < 3 and customer.health() == "ok":
                return
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"the shop does not get ready: {stats.never_queried} invoices never queried, "
                    f"health {customer.health()!r}"
                )
            time.sleep(POLL_SECONDS)


OWN_CONNECTIONS = "PostgreSQL, for the figures"  # a proxy that never fails
ANY_CORE = frozenset(os.sched_getaffinity(0))


@contextmanager
def build_stage(
    launcher: Launcher, seqr: SeqrProcess, addresses: Servers, own_connections: TcpProxy
) -> Iterator[Stage]:
    """Put a proxy before each server, until the block ends."""
    postgres, valkey = addresses.processes
    servers = {
        "PostgreSQL": ManagedProcess.running(postgres, launcher.folder / "postgres.log", Path("/")),
        "Redis": ManagedProcess.running(
            valkey, launcher.folder / "redis.log", launcher.folder / "redis"
        ),
    }
    ports = {
        "PostgreSQL": urlsplit(addresses.database_url).port,
        "Redis": urlsplit(addresses.redis_url).port,
        "SEQR": urlsplit(seqr.service_url).port,
    }
    with ExitStack() as to_stop:
        to_stop.callback(lambda: [server.stop(signal.SIGINT) for server in servers.values()])
        proxies = {name: to_stop.enter_context(TcpProxy(port or 0)) for name, port in ports.items()}
        proxies[OWN_CONNECTIONS] = own_connections
        yield Stage(launcher, seqr, BenchShop(seqr), addresses, servers, proxies)
