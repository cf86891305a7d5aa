"""python -m tests.proof.crash: kill everything at random, then compare the books to the öre."""

import argparse
import asyncio
import os
import random
import shutil
import sys
import time

import aiohttp

from seqrshop.local import ROOT, orphans
from tests.proof.crash import comparison as books
from tests.proof.crash import shop_ledger as ours
from tests.proof.crash.chaos import Killer
from tests.proof.crash.cluster import House, open_house
from tests.proof.crash.customers import Customer, Told
from tests.proof.crash.quiesce import come_to_rest
from tests.proof.crash.report import figures
from tests.proof.crash.staff import Staff
from tests.proof.crash.uptime import LONG_ENOUGH_SECONDS, longest_health

ARRIVAL_SECONDS = 75.0
KILLING_SECONDS = 85.0


def main() -> int:
    """Run it all; return 1 where anything differs. What the processes said is kept then."""
    options = _options()
    began = time.monotonic()
    _say(f"Crash run: {options.orders} customers, seed {options.seed}")
    orphans.stop_orphans()
    folder = orphans.process_folder(ROOT / ".local" / "crash")
    with open_house(folder) as house:
        _say(f"The shop is open after {time.monotonic() - began:.0f} s; killing begins")
        told = asyncio.run(_run(house, options.orders, options.seed, began))
    for difference in told:
        _say(f"DIFFERS: {difference}")
    if told:
        _say(f"Failed: {len(told)} differences, seed {options.seed}; logs in {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    _say("The books agree")
    return 0


async def _run(house: House, orders: int, seed: int, began: float) -> list[str]:
    """Kill while customers come, let it come to rest, print the figures, return what differs."""
    told = Told()
    killer = Killer(house.processes, seed, house.folder / "kills.log")
    seconds = {"opening": time.monotonic() - began}
    customers_http = aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0)
    )
    staff_http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    async with customers_http, staff_http:
        staff = Staff(house, staff_http, seed)
        await staff.log_in()
        refunding = asyncio.create_task(staff.give_back(told.wants_refund))
        customers = [
            asyncio.create_task(_come(Customer(number, seed, house, customers_http, told), at))
            for number, at in enumerate(_arrivals(orders, seed))
        ]
        await killer.rage(KILLING_SECONDS)
        seconds["killing"] = time.monotonic() - began - sum(seconds.values())
        _say("All processes run again; waiting until all is settled")
        ended = await asyncio.gather(*customers, return_exceptions=True)
        seconds["last customers"] = time.monotonic() - began - sum(seconds.values())
        refunding.cancel()
        seconds["rest"] = await come_to_rest(house, staff)
    payments = books.payments_of(house.sandbox.invoices())
    our_books = ours.read_ours(house.database_url)
    differs = [f"A customer: {error!r}" for error in ended if error is not None]
    differs += books.differences(
        payments, our_books, told_orders=told.orders, shown=told.shown, told_paid=told.paid
    )
    differs += [
        f"The database lets the audit be changed: {what}."
        for what in ours.audit_can_be_changed(house.database_url)
    ]
    health = _health(house, payments)
    if health > LONG_ENOUGH_SECONDS:
        differs.append(f"A payment was reversed although a poller could ask for {health:.1f} s.")
    seconds["in all"] = time.monotonic() - began
    for line in figures(
        payments,
        our_books,
        plans=told.plans,
        walked_away=told.walked_away,
        kills=killer.kills,
        ended_by_themselves=killer.ended_by_themselves,
        health=health,
        seconds=seconds,
    ):
        _say(line)
    _say(f"{'seed':<13}{seed}")
    return differs


async def _come(customer: Customer, after_seconds: float) -> None:
    await asyncio.sleep(after_seconds)
    await customer.visit()


def _arrivals(orders: int, seed: int) -> list[float]:
    arrivals = random.Random(f"{seed} arrivals")
    return sorted(arrivals.uniform(0, ARRIVAL_SECONDS) for _ in range(orders))


def _health(house: House, payments: list[books.Payment]) -> float:
    lives = {name: process.uptimes for name, process in house.processes.items()}
    return max(
        (
            longest_health(lives, payment.made_at.timestamp(), payment.reversed_at.timestamp())
            for payment in payments
            if payment.reversed_at is not None
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


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
