"""Waits until no work is left after the kills, and resolves what waits for staff."""

import asyncio
import time
from decimal import Decimal

from tests.proof.crash import shop_ledger
from tests.proof.crash.cluster import Cluster
from tests.proof.crash.staff import Staff

QUIESCE_SECONDS = 70.0
POLL_SECONDS = 1.0


async def quiesce(cluster: Cluster, colleague: Staff) -> float:
    """Wait until no work is left, at most QUIESCE_SECONDS; return the seconds.

    Then a colleague of the person who requested them resolves unknown refunds by SEQR's ledger, as
    staff would with the help of its support.
    """
    began = time.monotonic()
    while time.monotonic() < began + QUIESCE_SECONDS:
        left = await asyncio.to_thread(shop_ledger.pending_work, cluster.database_url)
        if not left and not await asyncio.to_thread(_has_unconfirmed_payment, cluster):
            break
        await asyncio.sleep(POLL_SECONDS)
    for refund in shop_ledger.unknown_refunds(cluster.database_url):
        ers_reference = _unrecorded_refund(cluster, refund["invoice_reference"], refund["amount"])
        await colleague.resolve(refund["id"], ers_reference)
    return time.monotonic() - began


def _has_unconfirmed_payment(cluster: Cluster) -> bool:
    """Return whether SEQR has a payment that the shop has not queried."""
    return any(
        invoice["status"] == "PAID" and invoice["confirmed_at"] is None
        for invoice in cluster.sandbox.invoices()
    )


def _unrecorded_refund(cluster: Cluster, reference: str, amount: Decimal) -> str | None:
    known = shop_ledger.refund_references(cluster.database_url)
    for refund in cluster.sandbox.invoice(reference)["refunds"]:
        if refund["ers_reference"] not in known and Decimal(refund["amount"]) == amount:
            return str(refund["ers_reference"])
    return None
