"""After the killing: wait until nothing is under way, with a person doing a person's part."""

import asyncio
import time
from decimal import Decimal

from tests.proof.crash import shop_ledger as ours
from tests.proof.crash.cluster import House
from tests.proof.crash.staff import Staff

REST_SECONDS = 70.0
LOOKS_EVERY_SECONDS = 1.0


async def come_to_rest(house: House, staff: Staff) -> float:
    """Wait until all is settled, for as long as that may take at most; return the seconds.

    A refund whose outcome is unknown is settled as a person would who asked SEQR's support.
    """
    began = time.monotonic()
    while time.monotonic() < began + REST_SECONDS:
        left = await asyncio.to_thread(ours.unsettled, house.database_url)
        if not left and not await asyncio.to_thread(_unasked, house):
            break
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
    for refund in ours.unknown_refunds(house.database_url):
        made = _unknown_to_us(house, refund["invoice_reference"], refund["amount"])
        await staff.settle(refund["id"], made)
    return time.monotonic() - began


def _unasked(house: House) -> bool:
    """Whether SEQR still has a payment that nobody has asked about."""
    return any(
        invoice["status"] == "PAID" and invoice["confirmed_at"] is None
        for invoice in house.sandbox.invoices()
    )


def _unknown_to_us(house: House, reference: str, amount: Decimal) -> str | None:
    known = ours.references_of_refunds(house.database_url)
    for refund in house.sandbox.invoice(reference)["refunds"]:
        if refund["ers_reference"] not in known and Decimal(refund["amount"]) == amount:
            return str(refund["ers_reference"])
    return None
