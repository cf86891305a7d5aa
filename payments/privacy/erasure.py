"""Erases customers' personal data: after CUSTOMER_DATA_DAYS, or at once for one customer.

The phone number and SEQR's key of the customer are replaced, the order's notes emptied, and the
deliveries and sessions deleted. A customer without any order is deleted. Orders, payments, receipts
and the audit stay as they are. What was erased cannot be restored, but from a backup.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat, Now

from orders.audit import ChangeSource, record_customer_events
from orders.clock import database_now
from orders.models import Customer, CustomerSession, Delivery, EventName, Order, SourceName
from payments.privacy.holds import Hold, holding_orders, holds_of

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.RETENTION)
SCAN_SIZE: Final = 5000  # customers that one statement looks at
BATCH_SIZE: Final = 200  # customers that one transaction erases
ERASED_KEY: Final = "erased "  # and a random UUID, in place of SEQR's key of the customer


class ErasureHeld(Exception):
    """The customer's data is still needed: `holds` says for what."""

    def __init__(self, holds: Sequence[Hold]) -> None:
        super().__init__("The customer's data is still needed.")
        self.holds = holds


def erase_customer(customer_id: int, source: ChangeSource) -> bool:
    """Erase one customer's data at once; return False if there is no such customer any more.

    Raises ErasureHeld while an order, a refund or a case of the customer is open.
    """
    with transaction.atomic():
        if not _lock_customers([customer_id]):
            return False
        # Every process that changes an order, its refunds or its cases holds the order's lock.
        list(_orders_of([customer_id]).select_for_update(no_key=True).values_list("pk"))
        if holds := holds_of(customer_id, database_now()):
            raise ErasureHeld(holds)
        _erase([customer_id], source)
    return True


def erase_old_customers(now: datetime) -> int:
    """Erase the customers whose latest order is older than CUSTOMER_DATA_DAYS; return their number.

    Each batch is a transaction of its own. Customers and orders that another process has locked are
    left to the next run.
    """
    before = now - timedelta(days=settings.CUSTOMER_DATA_DAYS)
    erased = last_id = 0
    while scanned := _next_ids(last_id):
        due = list(_due(before).filter(pk__gt=last_id, pk__lte=scanned[-1]).values_list("pk"))
        ids = [pk for (pk,) in due]
        for first in range(0, len(ids), BATCH_SIZE):
            erased += _erase_batch(ids[first : first + BATCH_SIZE], before, now)
        last_id = scanned[-1]
    if erased:
        logger.info("erased the personal data of %d customers", erased)
    return erased


def _next_ids(last_id: int) -> list[int]:
    """Return the IDs of the next customers who are not erased."""
    kept = Customer.objects.filter(erased_at=None, pk__gt=last_id).order_by("pk")
    return list(kept.values_list("pk", flat=True)[:SCAN_SIZE])


def _due(before: datetime) -> QuerySet[Customer]:
    """Select the customers without a session and without an order since then."""
    of_customer = OuterRef("pk")
    recent = Order.objects.filter(customer=of_customer, created_at__gte=before)
    sessions = CustomerSession.objects.filter(customer=of_customer)
    return Customer.objects.filter(~Exists(recent), ~Exists(sessions), erased_at=None)


@transaction.atomic
def _erase_batch(ids: Sequence[int], before: datetime, now: datetime) -> int:
    """Erase those of the customers that are still due when they are locked; return their number."""
    locked = _lock_customers(ids, skip_locked=True)
    orders = _orders_of(locked)
    locked_orders = set(
        orders.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)
    )
    changing = {
        customer
        for pk, customer in orders.values_list("pk", "customer_id")
        if pk not in locked_orders
    }
    held = {row["customer_id"] for row in holding_orders(orders, now)}
    due = set(_due(before).filter(pk__in=locked).values_list("pk", flat=True))
    chosen = sorted(due - changing - held)
    _erase(chosen, SOURCE)
    return len(chosen)


def _lock_customers(ids: Collection[int], *, skip_locked: bool = False) -> list[int]:
    """Lock those of the customers who are not erased; return their IDs."""
    customers = Customer.objects.filter(pk__in=ids, erased_at=None)
    locked = customers.select_for_update(no_key=True, skip_locked=skip_locked)
    return list(locked.values_list("pk", flat=True))


def _orders_of(customers: Collection[int]) -> QuerySet[Order]:
    return Order.objects.filter(customer__in=customers).order_by("pk")


def _erase(customers: Collection[int], source: ChangeSource) -> None:
    """Erase the data of locked customers, whose orders are locked too, and record it.

    A product's note stays: it is on the receipt.
    """
    if not customers:
        return
    CustomerSession.objects.filter(customer__in=customers).delete()
    _orders_of(customers).exclude(note="").update(note="")
    Delivery.objects.filter(order__customer__in=customers).delete()
    orders = Order.objects.filter(customer=OuterRef("pk"))
    Customer.objects.filter(~Exists(orders), pk__in=customers).delete()
    Customer.objects.filter(pk__in=customers).update(
        msisdn="",
        subscriber_key=Concat(Value(ERASED_KEY), Cast(RandomUUID(), CharField())),
        erased_at=Now(),
    )
    record_customer_events(customers, EventName.CUSTOMER_ERASED, source)
