"""Finds orders and payments by number, reference, phone number, table and receipt number.

Every part is an index lookup, since the tables keep all orders ever made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.last_characters import LastCharacters
from orders.models import Customer, Order, Seller
from orders.models.customer import SEARCHED_DIGITS
from payments.models import Invoice, Receipt, Refund
from payments.models.invoice import SEARCHED_REFERENCE_END
from seqrshop.backoffice.formatting import TABLE_PARAMETER
from seqrshop.backoffice.search_terms import SearchTerm, read_term

TABLE_WINDOW = timedelta(hours=24)
"""Yesterday's guests of a table are found by their number."""
MAX_CUSTOMERS = 500  # with the same last digits
MAX_ORDERS = 5000
SEARCH_HELP = _(
    "Order number, SEQR's reference or its last 8 characters, phone number or its last 4 digits, "
    "“table 4” or “receipt 17”."
)


def orders_matching(text: str) -> Q:
    """Return the condition that selects the orders matching a search text."""
    return Q(pk__in=set(matching_order_ids(read_term(text))))


def matching_order_ids(term: SearchTerm) -> Iterator[int]:
    """Yield the IDs of the orders that a search term may mean, of all shops."""
    if term.order_id is not None:
        yield term.order_id
    if term.reference:
        invoices = Invoice.objects.filter(invoices_with_reference(term))
        yield from invoices.values_list("order_id", flat=True)[:MAX_ORDERS]
        refunds = Refund.objects.filter(ers_reference=term.reference)
        yield from refunds.values_list("invoice__order_id", flat=True)[:MAX_ORDERS]
    if term.reference_end:
        ending = Refund.objects.alias(end=_end("ers_reference")).filter(end=term.reference_end)
        ending = ending.filter(ers_reference__isnull=False)
        yield from ending.values_list("invoice__order_id", flat=True)[:MAX_ORDERS]
    if customers := customers_with_phone(term):
        orders = Order.objects.filter(customer__in=customers)
        # In the order of their index: sorted by ID, all orders might be read to find these.
        orders = orders.order_by("customer", "shop", "-pk")
        yield from orders.values_list("pk", flat=True)[:MAX_ORDERS]
    if term.table:
        yield from _orders_of_table(term.table)
    if term.receipt_number is not None:
        # By the index of the sellers' numbers.
        sellers = Seller.objects.order_by().values("pk")
        receipts = Receipt.objects.filter(seller__in=sellers, number=term.receipt_number)
        yield from receipts.order_by().values_list("invoice__order_id", flat=True)[:MAX_ORDERS]


def invoices_matching(text: str) -> Q:
    """Return the condition that selects the payments matching a search text."""
    term = read_term(text)
    attempt = Q() if term.attempt is None else Q(attempt=term.attempt)
    found = Q(order_id=term.order_id) & attempt if term.order_id is not None else Q(pk__in=())
    if term.reference:
        ids = Invoice.objects.filter(invoices_with_reference(term))
        found |= Q(pk__in=list(ids.values_list("pk", flat=True)[:MAX_ORDERS]))
    without_number = SearchTerm(
        msisdns=term.msisdns,
        last_digits=term.last_digits,
        table=term.table,
        receipt_number=term.receipt_number,
    )
    return found | Q(order_id__in=set(matching_order_ids(without_number)))


def invoices_with_reference(term: SearchTerm) -> Q:
    """Return the condition that selects invoices by a reference of SEQR's, whole or its end."""
    whole = Q(invoice_reference=term.reference) | Q(ers_reference=term.reference)
    if not term.reference_end:
        return whole
    ends = Invoice.objects.alias(
        invoice_end=_end("invoice_reference"), ers_end=_end("ers_reference")
    ).filter(Q(invoice_end=term.reference_end) | Q(ers_end=term.reference_end))
    return whole | Q(pk__in=list(ends.order_by().values_list("pk", flat=True)[:MAX_ORDERS]))


def customers_with_phone(term: SearchTerm) -> list[int]:
    """Return the IDs of the customers with this phone number, or with these last digits."""
    if term.msisdns:
        customers = Customer.objects.filter(msisdn__in=term.msisdns)
        return list(customers.order_by("-pk").values_list("pk", flat=True))
    if not term.last_digits:
        return []
    customers = Customer.objects.alias(end=LastCharacters("msisdn", SEARCHED_DIGITS))
    ending = customers.filter(end=term.last_digits)
    return list(ending.values_list("pk", flat=True)[:MAX_CUSTOMERS])


def _end(field: str) -> LastCharacters:
    return LastCharacters(field, SEARCHED_REFERENCE_END)


def _orders_of_table(table: str) -> Iterator[int]:
    """Yield the last day's orders of a table, by the index of their times."""
    orders = Order.objects.alias(table=Lower(KeyTextTransform(TABLE_PARAMETER, F("parameters"))))
    recent = orders.filter(table=table.lower(), created_at__gte=timezone.now() - TABLE_WINDOW)
    yield from recent.order_by("-created_at").values_list("pk", flat=True)[:MAX_ORDERS]
