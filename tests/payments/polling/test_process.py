"""The poller's process while PostgreSQL or Redis hangs, on the wire."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from payments.models import Invoice
from payments.polling.lock import holder_of
from seqrshop.process_metrics.definitions import CALLS
from seqrshop.process_metrics.shared import read_shared_metrics
from tests.payments.steps import call_count, issued_invoice, order_state, reference
from tests.process_metrics.samples import forget_counts
from tests.processes import ManagedProcess, procfile_command
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess
from tests.tcp_proxy import TcpProxy
from tests.web_process import process_environment

HANG_SECONDS = 6.0  # more than twice the life of a shard's lock
RECOVERY_SECONDS = 5.0
Eventually = Callable[[Callable[[], bool]], None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def postgresql_proxy() -> Iterator[TcpProxy]:
    with TcpProxy(int(connection.settings_dict["PORT"])) as proxy:
        yield proxy


@pytest.fixture
def redis_proxy() -> Iterator[TcpProxy]:
    with TcpProxy(urlsplit(os.environ["REDIS_URL"]).port or 0) as proxy:
        yield proxy


@pytest.fixture
def environment(
    sandbox: SandboxProcess, postgresql_proxy: TcpProxy, redis_proxy: TcpProxy
) -> dict[str, str]:
    """The environment of a poller whose servers can be made to hang."""
    redis_for_tests().delete("seqrshop:poll:0/1", "seqrshop:heartbeat:0/1")
    given = process_environment()
    return {
        **given,
        "DATABASE_URL": _through(given["DATABASE_URL"], postgresql_proxy),
        "REDIS_URL": _through(given["REDIS_URL"], redis_proxy),
        "SEQR_SERVICE_URL": sandbox.service_url,
        "SEQR_POLL_SHARDS": "1",
    }


def _through(url: str, proxy: TcpProxy) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(str(parts.port), str(proxy.port))))


@contextmanager
def pollers(environment: dict[str, str], folder: Path, count: int = 1) -> Iterator[None]:
    """Run pollers until the block ends; each must stop at SIGTERM."""
    processes = [
        ManagedProcess(procfile_command("poller"), log=folder / f"poller-{number}", env=environment)
        for number in range(count)
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.stop(signal.SIGTERM)


def queries_within(sandbox: SandboxProcess, seconds: float) -> int:
    before = call_count(sandbox, "getPaymentStatus")
    time.sleep(seconds)
    return call_count(sandbox, "getPaymentStatus") - before


def seconds_until_paid(*invoices: Invoice) -> float:
    began_at = time.monotonic()
    while not all(order_state(invoice) == "paid" for invoice in invoices):
        assert time.monotonic() - began_at < 60
        time.sleep(0.05)
    return time.monotonic() - began_at


def test_poller_queries_while_postgresql_hangs_and_writes_within_five_seconds_of_its_return(
    sandbox: SandboxProcess,
    environment: dict[str, str],
    postgresql_proxy: TcpProxy,
    tmp_path: Path,
    eventually: Eventually,
) -> None:
    """The lock lapsed, and another poller took over that had read nothing."""
    paid, waiting = issued_invoice(), issued_invoice()
    with pollers(environment, tmp_path, count=2):
        eventually(lambda: call_count(sandbox, "getPaymentStatus") >= 4)
        postgresql_proxy.hang()
        sandbox.pay(reference(paid))
        queries = queries_within(sandbox, HANG_SECONDS)
        new = issued_invoice()
        sandbox.pay(reference(new))
        postgresql_proxy.restore()
        recovered = seconds_until_paid(paid, new)

    assert queries >= HANG_SECONDS / 2  # about the one that waits
    assert recovered < RECOVERY_SECONDS
    assert order_state(waiting) == "awaiting_payment"


def test_poller_started_while_redis_hangs_polls_and_counts_its_polls_once_redis_is_back(
    sandbox: SandboxProcess,
    environment: dict[str, str],
    redis_proxy: TcpProxy,
    tmp_path: Path,
    eventually: Eventually,
) -> None:
    """Its loops were tasks, which it could not get."""
    forget_counts()
    redis_proxy.hang()
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with pollers(environment, tmp_path):
        seconds_until_paid(invoice)
        redis_proxy.restore()
        poll = ("getPaymentStatus", "0", "public_test_shop_terminal")
        eventually(lambda: poll in read_shared_metrics().counters[CALLS])


def test_killed_pollers_shard_is_taken_over_by_another(
    sandbox: SandboxProcess, environment: dict[str, str], tmp_path: Path, eventually: Eventually
) -> None:
    invoice = issued_invoice()
    first = ManagedProcess(procfile_command("poller"), log=tmp_path / "first", env=environment)
    first.start()
    eventually(lambda: call_count(sandbox, "getPaymentStatus") >= 1)
    with pollers(environment, tmp_path):
        eventually((tmp_path / "poller-0").exists)
        first.kill()
        sandbox.pay(reference(invoice))

        seconds_until_paid(invoice)


def test_pollers_share_the_shards_and_take_over_those_of_a_killed_one(
    sandbox: SandboxProcess, environment: dict[str, str], tmp_path: Path, eventually: Eventually
) -> None:
    """All shards stayed in the poller that was started first, and used one core."""
    environment = {**environment, "SEQR_POLL_SHARDS": "4"}
    invoices = [issued_invoice() for _ in range(4)]
    first = ManagedProcess(procfile_command("poller"), log=tmp_path / "first", env=environment)
    first.start()
    eventually(lambda: len(_shards_by_holder()) == 1)
    with pollers(environment, tmp_path):
        eventually(lambda: sorted(map(len, _shards_by_holder().values())) == [2, 2])
        first.kill()
        killed_at = time.monotonic()
        for invoice in invoices:
            sandbox.pay(reference(invoice))
        recovered = seconds_until_paid(*invoices)
        eventually(lambda: list(map(len, _shards_by_holder().values())) == [4])
        taken_over = time.monotonic() - killed_at

    assert recovered < RECOVERY_SECONDS * 2
    assert taken_over < RECOVERY_SECONDS * 2


def test_stopped_poller_hands_its_shards_over_at_once(
    sandbox: SandboxProcess, environment: dict[str, str], tmp_path: Path, eventually: Eventually
) -> None:
    environment = {**environment, "SEQR_POLL_SHARDS": "4"}
    first = ManagedProcess(procfile_command("poller"), log=tmp_path / "first", env=environment)
    with pollers(environment, tmp_path), first:
        eventually(lambda: sorted(map(len, _shards_by_holder().values())) == [2, 2])
        invoices = [issued_invoice() for _ in range(8)]
        eventually(lambda: all(_longest_silence(sandbox, each) for each in invoices))
        first.stop(signal.SIGTERM)
        for invoice in invoices:
            sandbox.pay(reference(invoice))
        seconds_until_paid(*invoices)

    assert max(_longest_silence(sandbox, invoice) for invoice in invoices) < RECOVERY_SECONDS


def _longest_silence(sandbox: SandboxProcess, invoice: Invoice) -> float:
    """Return the longest time without a query; 0 before the first one."""
    return float(sandbox.invoice(reference(invoice))["longest_silence_seconds"] or 0)


def _shards_by_holder() -> dict[str, list[int]]:
    """Return the numbers of the locked ones of four shards, by their pollers."""
    found: dict[str, list[int]] = {}
    for number in range(4):
        token = redis_for_tests().get(f"seqrshop:poll:{number}/4")
        if isinstance(token, bytes):
            found.setdefault(holder_of(token.decode()), []).append(number)
    return found
