"""python -m tests.proof.restart: restart every process under load, and compare the ledgers."""

import argparse
import asyncio
import os
import random
import shutil
import sys
from collections.abc import Iterator

import aiohttp

from seqrshop.local import ROOT, orphans
from tests.proof.crash import shop_ledger
from tests.proof.crash.cluster import COLLEAGUE, STAFF_USER, Cluster, run_cluster
from tests.proof.crash.comparison import differences, is_open, payments_of
from tests.proof.crash.customers import Customer
from tests.proof.crash.quiesce import quiesce
from tests.proof.crash.staff import Staff
from tests.proof.restart import table
from tests.proof.restart.measure import Measured
from tests.proof.restart.pages import PageLedger, StreamingCustomer
from tests.proof.restart.roll import PROCFILE_LINES, Roll

LEAD_SECONDS = 15.0


def main() -> int:
    """Restart and compare; return 1 and keep the logs where a promise is broken."""
    options = _options()
    _print(f"Rolling restart: {options.rate} customers a second, seed {options.seed}")
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "restart")
    with run_cluster(folder, PROCFILE_LINES) as cluster:
        measured = asyncio.run(_run(cluster, options.rate, options.seed))
    for line in table.lines(measured):
        _print(line)
    for fault in measured.faults:
        _print(f"BROKEN: {fault}")
    if measured.faults:
        _print(f"Failed: {len(measured.faults)} promises broken; logs in {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    if options.write:
        table.write(measured)
    return 0


async def _run(cluster: Cluster, rate: float, seed: int) -> Measured:
    ledger = PageLedger()
    customers_http = aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0)
    )
    staff_http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    colleague_http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    async with customers_http, staff_http, colleague_http:
        staff = Staff(cluster, staff_http, seed, STAFF_USER)
        colleague = Staff(cluster, colleague_http, seed, COLLEAGUE)
        await staff.log_in()
        await colleague.log_in()
        refunds = asyncio.create_task(staff.refund_requested(ledger.to_refund))
        has_ended = asyncio.Event()
        visits: list[asyncio.Task[None]] = []
        customers = _customers(cluster, customers_http, ledger, seed)
        arrivals = asyncio.create_task(_arrive(customers, visits, rate, has_ended))
        await asyncio.sleep(LEAD_SECONDS)
        restarts = await Roll(cluster).restart_all()
        has_ended.set()
        await arrivals
        visited = await asyncio.gather(*visits, return_exceptions=True)
        refunds.cancel()
        unknown = len(shop_ledger.unknown_refunds(cluster.database_url))
        await quiesce(cluster, colleague)
    invoices = cluster.sandbox.invoices()
    payments = payments_of(invoices)
    shop = shop_ledger.read_shop_ledger(cluster.database_url)
    differs = [f"A customer: {error!r}." for error in visited if error is not None]
    differs += differences(
        payments,
        shop,
        shown_orders=ledger.orders,
        shown=ledger.shown,
        shown_paid=ledger.paid,
        issuers={each["invoice_reference"]: each["terminal_id"] for each in invoices},
        open_at_seqr=[each["invoice_reference"] for each in invoices if is_open(each)],
    )
    return Measured(tuple(restarts), ledger, invoices, payments, shop, unknown, tuple(differs))


def _customers(
    cluster: Cluster, http: aiohttp.ClientSession, ledger: PageLedger, seed: int
) -> Iterator[Customer]:
    """Return customers without end; every second one's page polls."""
    number = 0
    while True:
        yield StreamingCustomer(number, seed, cluster, http, ledger)
        yield Customer(number + 1, seed, cluster, http, ledger)
        number += 2


async def _arrive(
    customers: Iterator[Customer],
    visits: list[asyncio.Task[None]],
    rate: float,
    has_ended: asyncio.Event,
) -> None:
    """Let customers come at this rate, in seconds, until the event is set."""
    while not has_ended.is_set():
        visits.append(asyncio.create_task(next(customers).visit()))
        await asyncio.sleep(1 / rate)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make rolling-restart", description=__doc__)
    parser.add_argument("--rate", type=float, default=os.environ.get("RATE", "3"))
    parser.add_argument(
        "--seed", type=int, default=os.environ.get("SEED") or str(random.randrange(10**6))
    )
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    return parser.parse_args()


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
