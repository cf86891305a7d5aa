"""Measures a thousand event streams of one web process: cost and latency."""

import http.client
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta

import psutil
from django.db import transaction
from django.utils import timezone

from orders.audit import ChangeSource
from orders.models import Customer, CustomerSession, Order, SourceName
from orders.services import digest_of
from payments.invoices.transitions import lock_invoice
from payments.invoices.transitions import transition_invoice as move
from payments.models import Invoice, InvoiceStatus
from tests.bench.designs import Bench
from tests.bench.heartbeat import pretend_poller_runs
from tests.bench.launch import Launcher
from tests.bench.machine import cpu_seconds, pss_bytes
from tests.bench.measure import prepare
from tests.processes import ManagedProcess

STREAMS = 1_000
PAYMENTS = 500
PAYMENTS_PER_SECOND = 50
REQUESTS_PER_SECOND = 50
IDLE_SECONDS = 5.0
TIMEOUT_SECONDS = 60

Page = tuple[str, str]  # an order's path and its customer's token


@dataclass(frozen=True)
class StreamRun:
    """One run. Times in seconds from the commit to the page, memory in bytes."""

    pss_each: float
    idle_cpu: float  # of one core, while nothing changes
    to_page: list[float]
    to_page_under_load: list[float]


def measure_streams(bench: Bench) -> StreamRun:
    """Open the streams and pay half of their orders, half of those under load."""
    prepare(bench, STREAMS)
    pretend_poller_runs()
    pages = _pages()
    file = bench.launcher.folder / "streams.json"
    file.write_text(json.dumps(pages))
    bench.launcher.env["WEB_CONCURRENCY"] = "1"
    port = bench.launcher.env["PORT"]
    with bench.launcher.nested() as launcher:
        web = psutil.Process(launcher.start_from_procfile("web", bench.cores.worker).process.pid)
        _warm_up(launcher, int(port), pages)
        before = pss_bytes(web)
        command = [sys.executable, "-m", "tests.bench.stream_reader", port, str(file)]
        command += [str(PAYMENTS), str(REQUESTS_PER_SECOND)]
        reader = launcher.start("streams", command, bench.cores.rest, stdout=subprocess.PIPE)
        _line_of(launcher, reader)
        cpu = cpu_seconds(web)
        time.sleep(IDLE_SECONDS)
        idle_cpu = (cpu_seconds(web) - cpu) / IDLE_SECONDS
        pss_each = (pss_bytes(web) - before) / STREAMS
        paid_at = _pay(pages[:PAYMENTS])
        received = json.loads(_line_of(launcher, reader))
    to_page = [received[path] - at for path, at in paid_at.items()]
    half = PAYMENTS // 2
    return StreamRun(pss_each, idle_cpu, to_page[:half], to_page[half:])


def _pages() -> list[Page]:
    """Create a session for each customer; return their pages."""
    until = timezone.now() + timedelta(hours=1)
    orders = list(Order.objects.select_related("shop").order_by("id"))
    tokens = [f"0000002012-{number:08}" for number in range(len(orders))]
    CustomerSession.objects.bulk_create(
        CustomerSession(
            token_digest=digest_of(token),
            customer=Customer(pk=order.customer_id),
            shop=order.shop,
            parameters={},
            expires_at=until,
        )
        for order, token in zip(orders, tokens, strict=True)
    )
    paths = [f"/orders/{order.public_id}" for order in orders]
    return list(zip(paths, tokens, strict=True))


def _warm_up(launcher: Launcher, port: int, pages: list[Page]) -> None:
    """Load everything that a stream needs, before memory is measured."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for path, token in pages[:50]:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
            try:
                connection.request("GET", f"{path}/events", headers={"X-SEQR-Token": token})
                connection.getresponse().readline()
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError(
                        f"web does not answer:\n{launcher.end_of_log('web')}"
                    ) from None
                time.sleep(0.1)
            else:
                break
            finally:
                connection.close()


def _pay(pages: list[Page]) -> dict[str, float]:
    """Pay these orders, PAYMENTS_PER_SECOND; return the time of each commit."""
    ids = dict(Invoice.objects.values_list("order__public_id", "pk"))
    invoices = {f"/orders/{public_id}": pk for public_id, pk in ids.items()}
    began = time.monotonic()
    at = {}
    for number, (path, _) in enumerate(pages):
        time.sleep(max(0.0, began + number / PAYMENTS_PER_SECOND - time.monotonic()))
        with transaction.atomic():
            invoice = lock_invoice(invoices[path])
            move(
                invoice,
                InvoiceStatus.PAID,
                ChangeSource(SourceName.POLLER),
                ers_reference=f"ERS{number}",
                paid_at=timezone.now(),
            )
            at[path] = time.monotonic()
    return at


def _line_of(launcher: Launcher, reader: ManagedProcess) -> str:
    assert reader.process.stdout is not None
    line = reader.process.stdout.readline().decode()
    if not line:
        logs = f"{launcher.end_of_log('streams')}\n{launcher.end_of_log('web')}"
        raise RuntimeError(f"the streams were not held:\n{logs}")
    return line
