"""Collects what is kept of one customer, for the person who asks for it.

The names are those of the columns, the same in every language. Amounts are texts in major units,
with VAT; times are in UTC. Members of staff are not named: they are other persons.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet

from orders.models import AuditEvent, Customer, Delivery, Order, OrderRow
from payments.models import Invoice, MoneyCase, Receipt, Refund

Record = dict[str, Any]
FORMAT = "seqrshop customer data, version 1"
ORDER_BATCH_SIZE = 200


def customer_data(customer: Customer, now: datetime) -> Record:
    """Return what is kept about a customer: the person, the sessions, each order, oldest first."""
    sessions = customer.sessions.select_related("shop").order_by("pk")
    return {
        "format": FORMAT,
        "exported_at": _time(now),
        "customer": {
            "number": customer.pk,
            "phone_number": f"+{customer.msisdn}",
            "subscriber_key_at_seqr": customer.subscriber_key,
        },
        "sessions": [
            {
                "shop": each.shop.name,
                "created_at": _time(each.created_at),
                "expires_at": _time(each.expires_at),
                "from_the_code": each.parameters,
            }
            for each in sessions
        ],
        "orders": [_order(order) for order in _orders(customer).iterator(ORDER_BATCH_SIZE)],
    }


def _orders(customer: Customer) -> QuerySet[Order]:
    invoices = Invoice.objects.order_by("pk").prefetch_related(
        "discounts",
        Prefetch("refunds", Refund.objects.order_by("pk")),
        Prefetch("receipts", Receipt.objects.order_by("pk")),
    )
    return (
        Order.objects.filter(customer=customer)
        .select_related("shop", "delivery")
        .prefetch_related(
            Prefetch("rows", OrderRow.objects.order_by("pk")),
            Prefetch("invoices", invoices),
            Prefetch("cases", MoneyCase.objects.order_by("pk")),
            Prefetch("events", AuditEvent.objects.order_by("pk")),
        )
        .order_by("pk")
    )


def _order(order: Order) -> Record:
    return {
        "number": order.number,
        "shop": order.shop.name,
        "ordered_at": _time(order.created_at),
        "state": order.state,
        "language": order.language,
        "from_the_code": order.parameters,
        "note": order.note,
        "dining": order.dining,
        "delivery": _delivery(order),
        "total": _amount(order.total),
        "currency": order.currency,
        "preparing_at": _time(order.preparing_at),
        "ready_at": _time(order.ready_at),
        "served_at": _time(order.served_at),
        "rows": [_row(row) for row in order.rows.all()],
        "payments": [_payment(invoice) for invoice in order.invoices.all()],
        "cases": [
            {
                "type": case.kind,
                "opened_at": _time(case.opened_at),
                "closed_at": _time(case.closed_at),
                "what_happened": case.summary,
                "reason_for_closing": case.closing_reason,
            }
            for case in order.cases.all()
        ],
        "events": [
            {
                "occurred_at": _time(event.occurred_at),
                "event": event.name,
                "from": event.from_state,
                "to": event.to_state,
                "by": event.source,
            }
            for event in order.events.all()
        ],
    }


def _delivery(order: Order) -> Record | None:
    """Return where an order of Instant Checkout is delivered, or None for another order."""
    if not hasattr(order, "delivery"):
        return None
    columns = [each.attname for each in Delivery._meta.concrete_fields if not each.primary_key]
    return {column: getattr(order.delivery, column) for column in columns}


def _row(row: OrderRow) -> Record:
    return {
        "kind": row.kind,
        "name_sv": row.name_sv,
        "name_en": row.name_en,
        "quantity": row.quantity,
        "unit_price": _amount(row.unit_price),
        "vat_rate": _amount(row.vat_rate),
        "total": _amount(row.total),
        "note": row.note,
    }


def _payment(invoice: Invoice) -> Record:
    return {
        "attempt": invoice.attempt,
        "status": invoice.status,
        "amount": _amount(invoice.amount),
        "currency": invoice.currency,
        "created_at": _time(invoice.created_at),
        "invoice_reference_at_seqr": invoice.invoice_reference,
        "payment_reference_at_seqr": invoice.ers_reference,
        "paid_at": _time(invoice.paid_at),
        "paid_amount": _amount(invoice.paid_amount),
        "loyalty_scheme": invoice.loyalty_scheme,
        "discounts": [
            {"name_sv": each.name_sv, "name_en": each.name_en, "amount": _amount(each.amount)}
            for each in invoice.discounts.all()
        ],
        "refunds": [
            {
                "status": refund.status,
                "amount": _amount(refund.amount),
                "requested_at": _time(refund.created_at),
                "refunded_at": _time(refund.refunded_at),
                "reason": refund.reason_code,
                "reason_in_words": refund.reason,
                "refund_reference_at_seqr": refund.ers_reference,
            }
            for refund in invoice.refunds.all()
        ],
        "receipts": [
            {
                "number": receipt.number,
                "type": receipt.kind,
                "seller": receipt.legal_name,
                "amount": _amount(receipt.amount),
                "issued_at": _time(receipt.issued_at),
            }
            for receipt in invoice.receipts.all()
        ],
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
