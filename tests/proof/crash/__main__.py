"""python -m tests.proof.crash: kill processes at random, then compare the ledgers."""

import argparse
import asyncio
import os
import random
import shutil
import sys
import time
from collections.abc import Sequence

import aiohttp

from seqrshop.local import ROOT, orphans
from tests.proof.crash import shop_ledger
from tests.proof.crash.chain import (
    OTHER_TERMINAL,
    REPLACED_AFTER_SECONDS,
    Refusal,
    refuse_terminal,
    replace_terminal,
)
from tests.proof.crash.chaos import Chaos
from tests.proof.crash.cluster import COLLEAGUE, STAFF_USER, Cluster, run_cluster
from tests.proof.crash.comparison import Payment, differences, is_open, payments_of
from tests.proof.crash.customers import Customer, CustomerLedger
from tests.proof.crash.quiesce import quiesce
from tests.proof.crash.report import summary
from tests.proof.crash.shop_ledger import ShopLedger
from tests.proof.crash.staff import Staff
from tests.proof.crash.uptime import QUERIED_WITHIN_SECONDS, longest_known

ARRIVAL_SECONDS = 75.0
# As many again order shortly before the terminal is replaced, and act then.
RUSH_SECONDS = 18.0
KILLING_SECONDS = 85.0


def main() -> int:
    """Run and compare; return 1 and keep the logs where anything differs."""
    options = _options()
    began = time.monotonic()
    _print(f"Crash run: {options.orders} customers, seed {options.seed}")
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "crash")
    with run_cluster(folder) as cluster:
        _print(f"The shop is open after {time.monotonic() - began:.0f} s; killing begins")
        found = asyncio.run(_run(cluster, options.orders, options.seed, began))
    for difference in found:
        _print(f"DIFFERS: {difference}")
    if found:
        _print(f"Failed: {len(found)} differences, seed {options.seed}; logs in {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    _print("The ledgers agree")
    return 0


async def _run(cluster: Cluster, orders: int, seed: int, began: float) -> list[str]:
    """Run customers, kills and quiescence; print the summary; return the differences."""
    shown = CustomerLedger()
    chaos = Chaos(cluster.processes, seed, cluster.folder / "kills.log")
    seconds = {"opening": time.monotonic() - began}
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
        refunds = asyncio.create_task(staff.refund_requested(shown.to_refund))
        customers = [
            asyncio.create_task(_arrive(Customer(number, seed, cluster, customers_http, shown), at))
            for number, at in enumerate(_arrivals(orders, seed))
        ]
        is_replaced = asyncio.Event()
        rushing = [
            Customer(number, seed, cluster, customers_http, shown, acts_after=is_replaced)
            for number in range(orders, 2 * orders)
        ]
        customers += _rush(rushing, seed)
        replaced = asyncio.create_task(replace_terminal(cluster.env, is_replaced))
        refused = asyncio.create_task(refuse_terminal(cluster.sandbox))
        await chaos.kill_randomly(KILLING_SECONDS)
        seconds["killing"] = time.monotonic() - began - sum(seconds.values())
        _print("All processes run again; waiting until no work is left")
        ended = await asyncio.gather(*customers, return_exceptions=True)
        replacement, refusal = await replaced, await refused
        seconds["last customers"] = time.monotonic() - began - sum(seconds.values())
        refunds.cancel()
        seconds["quiescence"] = await quiesce(cluster, colleague)
    seqr_invoices = cluster.sandbox.invoices()
    payments = payments_of(seqr_invoices)
    ledger = shop_ledger.read_shop_ledger(cluster.database_url)
    differs = [f"A customer: {error!r}" for error in ended if error is not None]
    differs += differences(
        payments,
        ledger,
        shown_orders=shown.orders,
        shown=shown.shown,
        shown_paid=shown.paid,
        issuers={each["invoice_reference"]: each["terminal_id"] for each in seqr_invoices},
        open_at_seqr=[each["invoice_reference"] for each in seqr_invoices if is_open(each)],
        refused=[OTHER_TERMINAL],
    )
    differs += [
        f"The database allows to change the audit: {what}."
        for what in shop_ledger.possible_audit_changes(cluster.database_url)
    ]
    differs += _deadlocks(cluster)
    accepted = [each for each in payments if not _was_refused(each, refusal)]
    known = _longest_known(cluster, accepted, ledger)
    if known > QUERIED_WITHIN_SECONDS:
        differs.append(f"A poller knew a payment's invoice for {known:.1f} s and did not query it.")
    seconds["total"] = time.monotonic() - began
    for line in summary(
        payments,
        ledger,
        plans=shown.plans,
        timed_out=shown.timed_out,
        kills=chaos.kills,
        exited=chaos.exited,
        known=known,
        replacement=replacement,
        refusal=refusal,
        seconds=seconds,
    ):
        _print(line)
    _print(f"{'seed':<13}{seed}")
    return differs


def _deadlocks(cluster: Cluster) -> list[str]:
    """Describe deadlocks: those that PostgreSQL has counted since its last kill, and the logged."""
    found = []
    if count := shop_ledger.deadlock_count(cluster.database_url):
        found.append(f"PostgreSQL has found {count} deadlocks.")
    logs = sorted(cluster.folder.rglob("*.log"))
    return found + [
        f"{log.name} has a deadlock."
        for log in logs
        if "deadlock detected" in log.read_text(errors="replace")
    ]


def _rush(customers: Sequence[Customer], seed: int) -> list[asyncio.Task[None]]:
    """Let customers order before the terminal is replaced."""
    begin = REPLACED_AFTER_SECONDS - RUSH_SECONDS
    arrivals = random.Random(f"{seed} rush")
    return [
        asyncio.create_task(_arrive(each, begin + arrivals.uniform(0, RUSH_SECONDS)))
        for each in customers
    ]


def _was_refused(payment: Payment, refusal: Refusal) -> bool:
    """Whether SEQR may have refused the queries about a payment."""
    until = payment.confirmed_at or payment.reversed_at or refusal.end
    is_within = payment.made_at < refusal.end and until > refusal.begin
    return payment.terminal == OTHER_TERMINAL and is_within


async def _arrive(customer: Customer, after_seconds: float) -> None:
    await asyncio.sleep(after_seconds)
    await customer.visit()


def _arrivals(orders: int, seed: int) -> list[float]:
    arrivals = random.Random(f"{seed} arrivals")
    return sorted(arrivals.uniform(0, ARRIVAL_SECONDS) for _ in range(orders))


def _longest_known(cluster: Cluster, payments: list[Payment], ledger: ShopLedger) -> float:
    """Return for how long, after a payment and before its query, a poller knew the invoice."""
    uptimes = {name: process.uptimes for name, process in cluster.processes.items()}
    issued_at = {each.reference: each.issued_at for each in ledger.invoices}
    return max(
        (
            longest_known(uptimes, issued.timestamp(), payment.made_at.timestamp(), end.timestamp())
            for payment in payments
            if (issued := issued_at.get(payment.reference)) is not None
            and (end := payment.confirmed_at or payment.reversed_at) is not None
        ),
        default=0.0,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof.crash", description=__doc__)
    parser.add_argument("--orders", type=int, default=os.environ.get("ORDERS", "300"))
    parser.add_argument(
        "--seed", type=int, default=os.environ.get("SEED") or str(random.randrange(10**6))
    )
    return parser.parse_args()


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
