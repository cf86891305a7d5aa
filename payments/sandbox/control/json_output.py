"""Writes JSON output of the control API: amounts as text, times in ISO 8601 with zone."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.storage.merchant_models import Period, RefundRefusal, Reseller, Terminal
from payments.sandbox.storage.models import Customer, Invoice, Shop

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def shop_json(shop: Shop) -> dict[str, Any]:
    """A shop."""
    return {
        "service_id": shop.service_id,
        "name": shop.name,
        "order_url": shop.order_url,
        "success_url": shop.success_url,
        "failure_url": shop.failure_url,
        "cancel_url": shop.cancel_url,
        "codes": list(shop.codes),
    }


def invoice_json(seqr: SeqrSimulator, invoice: Invoice) -> dict[str, Any]:
    """Everything about an invoice."""
    content = invoice.content
    query = seqr.records.status_queries.get(invoice.reference)
    return {
        "invoice_reference": invoice.reference,
        "status": invoice.status,
        "version": invoice.version,
        "amount": format(invoice.amount, "f"),
        "currency": invoice.currency,
        "title": invoice.title,
        "client_invoice_id": content.get("clientInvoiceId"),
        "terminal_id": invoice.terminal_id,
        "terminal": terminal_json(seqr.records.terminals[invoice.terminal_id]),
        "cashier_id": content.get("cashierId"),
        "footer": content.get("footer"),
        "payment_mode": invoice.payment_mode,
        "acknowledgment_mode": content["acknowledgmentMode"],
        "issue_date": content.get("issueDate"),
        "rows": [_row_json(row) for row in invoice.rows],
        "notification_url": content.get("notificationUrl"),
        "back_url": content.get("backURL"),
        "held": invoice.held,
        "created_at": _time(invoice.created_at),
        "status_queried_at": _time(query.at) if query else None,
        "status_queried_version": query.version if query else None,
        "longest_silence_seconds": query.longest_silence_seconds if query else None,
        "longest_silence_until": _time(query.longest_silence_until) if query else None,
        "paid_at": _time(invoice.paid_at),
        "confirmed_at": _time(invoice.confirmed_at),
        "reversed": invoice.reversed_at is not None,
        "reversed_at": _time(invoice.reversed_at),
        "released_at": _time(invoice.released_at),
        "reserved_amount": _amount(invoice.reserved_amount),
        "reserved_until": _time(invoice.reserved_until),
        "paid_amount": _amount(invoice.paid_amount),
        "ers_reference": invoice.ers_reference,
        "payer_msisdn": invoice.payer.msisdn if invoice.payer else None,
        "customer_tokens": [_record_json(token) for token in invoice.tokens],
        "refunds": [_record_json(refund) for refund in invoice.refunds],
        "receipts": [_record_json(receipt) for receipt in invoice.receipts],
        "forced": _record_json(invoice.forced),
    }


def reseller_json(reseller: Reseller) -> dict[str, Any]:
    """A reseller without its password."""
    return _without_password(reseller)


def terminal_json(terminal: Terminal) -> dict[str, Any]:
    """A terminal without its password."""
    return _without_password(terminal)


def customer_json(customer: Customer) -> dict[str, Any]:
    """A customer with the loyalty cards in the app."""
    return {
        "msisdn": customer.msisdn,
        "cards": [
            {"id": card.id, "value": card.value, "description": card.description}
            for card in customer.cards
        ],
    }


def period_json(period: Period) -> dict[str, Any]:
    """A transaction period. Its terminal is None if it is the whole reseller's."""
    return {
        "transaction_period_id": period.period_id,
        "reseller_id": period.reseller_id,
        "terminal_id": period.terminal_id,
        "closes_terminals": period.closes_terminals,
        "marked_at": _time(period.marked_at),
    }


def refusal_json(refusal: RefundRefusal) -> dict[str, Any]:
    """A rule that refuses refunds."""
    return _record_json(refusal)


def _without_password(principal: Reseller | Terminal) -> dict[str, Any]:
    fields = _record_json(principal)
    del fields["password_digest"]
    return fields


def _record_json(record: "DataclassInstance") -> dict[str, Any]:
    """A record's fields."""
    return {name: _text(value) for name, value in asdict(record).items()}


def _text(value: object) -> object:
    if isinstance(value, Decimal):
        return _amount(value)
    return _time(value) if isinstance(value, datetime) else value


def _row_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row's elements by SEQR's names."""
    return {
        name: {"value": format(value["value"], "f"), "currency": value["currency"]}
        if isinstance(value, dict)
        else str(value)
        for name, value in row.items()
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
