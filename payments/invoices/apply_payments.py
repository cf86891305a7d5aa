"""Applies many ordinary payments in one transaction: at a busy time, nearly all of them are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from orders.audit import ChangeSource
from orders.compiled_query import CompiledQuery, KeyIsAnyOf
from orders.models import OrderState
from payments.call_audit import call_event
from payments.invoices.payment import mismatch_of, payment_fields
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.invoices.transitions import lock_free_invoices, transition_to_paid
from payments.models import Invoice, InvoiceStatus, MoneyCase
from payments.seqr import is_shortened


@transaction.atomic
def apply_payments(
    results: Sequence[tuple[StatusQuery, StatusResult]], source: ChangeSource
) -> set[int]:
    """Apply those of the results that are ordinary payments; return their invoices' ids.

    An ordinary payment needs no decision and no case: an issued invoice that nobody cancels is paid
    in full, and its order has no other invoice. `apply_status` handles all others, and invoices
    that are locked, and writes the same for an ordinary one. Waits for no row's lock. An exception
    leaves every invoice unchanged.
    """
    by_id = {query.invoice_id: result for query, result in results}
    locked = lock_free_invoices(list(by_id))
    ordinary = [invoice for invoice in locked if _is_ordinary(invoice, by_id[invoice.pk])]
    if not ordinary:
        return set()
    # Read again now that the orders are locked: nobody can add an invoice or a case any more.
    read_at = _read_those_without_others([invoice.pk for invoice in ordinary])
    payments = [
        (invoice, payment_fields(by_id[invoice.pk], read_at[invoice.pk]))
        for invoice in ordinary
        if invoice.pk in read_at
    ]
    # Always in the same order, so that two batches with the same references do not deadlock.
    payments.sort(key=lambda payment: str(payment[1]["ers_reference"]))
    calls = [(by_id[invoice.pk].call, invoice.order_id) for invoice, _ in payments]
    transition_to_paid(
        payments,
        source,
        [call_event(call, order_id, source) for call, order_id in calls if call is not None],
    )
    return {invoice.pk for invoice, _ in payments}


def _is_ordinary(invoice: Invoice, result: StatusResult) -> bool:
    receipt = result.paid.receipt if result.paid else None
    total = receipt.total_amount if receipt else None
    references = (result.ers_reference or "", (receipt and receipt.payment_reference) or "")
    return (
        result.status == InvoiceStatus.PAID
        and result.case is None
        and total is not None
        and (total.value, total.currency) == (invoice.amount, invoice.currency)
        and not mismatch_of(invoice, result)
        and not any(is_shortened(reference) for reference in references)
        and invoice.status == InvoiceStatus.ISSUED
        and invoice.invoice_version <= result.version
        and not invoice.cancel_reason
        and not invoice.discount_unconfirmed
        and invoice.order.state == OrderState.AWAITING_PAYMENT
    )


def _read_those_without_others(invoice_ids: Sequence[int]) -> dict[int, datetime]:
    """Return the time of this read for each invoice whose order has no other, and no case."""
    return dict(_WITHOUT_OTHERS.tuples(ids=list(invoice_ids)))


def _without_others() -> QuerySet[Invoice, tuple[int, datetime]]:
    others = Invoice.objects.filter(order=OuterRef("order")).exclude(pk=OuterRef("pk"))
    cases = MoneyCase.objects.filter(order=OuterRef("order"))
    alone = Invoice.objects.filter(~Exists(others), ~Exists(cases), KeyIsAnyOf("ids"))
    return alone.order_by().values_list("pk", Now())


_WITHOUT_OTHERS = CompiledQuery(_without_others)
