"""The SQL statements of one customer's whole journey, counted by process in PostgreSQL's log.

The poller and Beat are left out: their statements come with the time and not with an order.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from orders.models import Product, Shop
from payments import tasks
from payments.models import Invoice, InvoiceStatus
from tests.bench.heartbeat import pretend_poller_runs
from tests.bench.web.journey import Customer, ShopAddress, Times
from tests.bench.web.statements import log_statements
from tests.database_roles import owner_url
from tests.processes import ManagedProcess, procfile_command
from tests.sandbox_process import SandboxProcess
from tests.servers_plugin import POSTGRES_LOG
from tests.web_process import WebProcess, process_environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# A journey with two status requests: once the invoice is sent, and once it is paid.
# Lower a number when its process needs fewer. web: session, order, both statuses, notification and
# its status check with the acknowledgement, which inserts the receipt. worker: sendInvoice.
# background: the receipts for SEQR, a batch of one here.
MOST_STATEMENTS = {"web": 29, "worker": 14, "background": 11}

Wait = Callable[[Callable[[], bool]], None]

_numbers = count(7_000_000)


def test_a_whole_journey_needs_no_more_statements_than_recorded(
    cafe: Shop, bun: Product, sandbox: SandboxProcess, eventually: Wait, tmp_path: Path
) -> None:
    log = os.environ.get(POSTGRES_LOG)
    if log is None:
        pytest.skip("DATABASE_URL names another PostgreSQL, whose log cannot be read here")
    with running_shop(sandbox, tmp_path) as port:
        shop = ShopAddress(port, sandbox.port, cafe.slug, cafe.service_id)
        sandbox.register_shop(cafe.service_id, f"http://127.0.0.1:{port}/{cafe.slug}")
        pay_one_order(shop, eventually)  # opens connections and fills caches

        with log_statements(owner_url(), Path(log)) as statements:
            pay_one_order(shop, eventually)

    # An empty statement is the pool's check of a connection that was idle for seconds.
    texts = {name: list(filter(str.strip, statements.texts(name))) for name in MOST_STATEMENTS}
    counted = {name: len(texts[name]) for name in texts}
    listed = "\n".join(f"{name}: {text}" for name in texts for text in texts[name])
    assert all(0 < counted[name] <= MOST_STATEMENTS[name] for name in counted), (
        f"{counted}\n{listed}"
    )


def pay_one_order(shop: ShopAddress, eventually: Wait) -> None:
    """Make one journey, up to the receipt that SEQR has accepted."""
    customer = Customer(next(_numbers), shop, Times())
    with asyncio.Runner() as page:
        page.run(customer.place_order())
        eventually(Invoice.objects.filter(status=InvoiceStatus.ISSUED).exists)
        order = page.run(customer.status())
        page.run(customer.pay(order["invoice_reference"]))
        eventually(lambda: not Invoice.objects.filter(acknowledged_at=None).exists())
        tasks.submit_receipts.delay([Invoice.objects.latest("pk").pk])  # as recovery finds it
        eventually(lambda: not Invoice.objects.filter(receipt_accepted_at=None).exists())
        assert page.run(customer.status())["state"] == "paid"
        customer.close()


@contextmanager
def running_shop(sandbox: SandboxProcess, folder: Path) -> Iterator[int]:
    """Run web, worker and background of the Procfile; yield the port of web."""
    pretend_poller_runs()
    seqr = {
        "SEQR_SERVICE_URL": sandbox.service_url,
        "SEQR_SESSION_URL": sandbox.session_url,
        "SEQR_APP_URL": sandbox.app_url,
        "SEQR_POLL_SHARDS": "1",
    }
    with WebProcess(folder / "web", PGAPPNAME="web", **seqr) as web, ExitStack() as to_stop:
        address = {"PUBLIC_BASE_URL": f"http://127.0.0.1:{web.port}"}  # SEQR notifies it
        for name in ("worker", "background"):
            env = process_environment() | seqr | address | {"PGAPPNAME": name}
            process = ManagedProcess(procfile_command(name), log=folder / name, env=env)
            to_stop.enter_context(process)
        yield web.port
