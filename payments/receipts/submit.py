"""submitPaymentReceipt: submits each receipt until SEQR accepts it.

No payment waits for its receipt. Refused settings open a case and do not pause payments, since a
shop may be allowed to sell but not to submit receipts. The pauses between attempts grow.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import DurationField, Exists, F, Q, QuerySet
from django.db.models.functions import Now

from orders.audit import ChangeSource, insert_events, new_event, record_event, record_event_once
from orders.compiled_query import CompiledQuery, CompiledUpdate, KeyIsAnyOf, Parameter
from orders.models import EventName, OrderRow, SourceName
from orders.services import rows_of_orders
from orders.state_machine import save_fields
from payments.call_audit import call_event
from payments.cases.cases import (
    close_configuration_cases,
    open_configuration_case,
    open_configuration_cases,
)
from payments.gateway import credentials_of, seqr_with
from payments.invoices.transitions import lock_free_invoices, lock_invoice, locked_invoices
from payments.leases import Lease, call_lease_duration, doubling_pause
from payments.models import MAX_RECEIPT_REFUSALS, RECEIPT_PENDING, Invoice, Receipt
from payments.receipts.document import content_on_the_day, receipt_html, receipts_of_payments
from payments.seqr import (
    CallRecord,
    ReceiptDocument,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrRejected,
)

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.SUBMIT_RECEIPT)
LEASE = Lease("receipt_lease_until")
OPERATION = "submitPaymentReceipt"
MIME_TYPE = "text/html"
RECEIPT_TYPE = "RECEIPT"  # required; the API reference lists no values
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
SUBMIT_SECONDS = 1.5  # a batch has ended before recovery's next run, 2 s after this one


def _submitted(*, skip_locked: bool) -> QuerySet[Any]:
    invoices = locked_invoices(skip_locked=skip_locked).filter(KeyIsAnyOf("ids"))
    return invoices.annotate(has_case=Exists(open_configuration_cases("terminal", OPERATION)))


_SUBMITTED = CompiledQuery(lambda: _submitted(skip_locked=False))
_SUBMITTED_UNLESS_BUSY = CompiledQuery(lambda: _submitted(skip_locked=True))
_DUE_UNLESS_BUSY = CompiledQuery(
    lambda: (
        Invoice.objects.filter(receipts_due(Now()), KeyIsAnyOf("ids"))
        .select_for_update(skip_locked=True, no_key=True)
        .order_by("pk")
        .values_list("pk")
    )
)
_LEASED = CompiledUpdate(
    lambda: Invoice.objects.filter(KeyIsAnyOf("ids")),
    receipt_attempts=F("receipt_attempts") + 1,
    receipt_lease_until=Now() + Parameter("duration", DurationField()),
)
_NOT_ATTEMPTED = CompiledUpdate(
    lambda: Invoice.objects.filter(KeyIsAnyOf("ids")),
    receipt_attempts=F("receipt_attempts") - 1,
    receipt_lease_until=None,
)
_ACCEPTED = CompiledUpdate(
    lambda: Invoice.objects.filter(KeyIsAnyOf("ids"), receipt_accepted_at=None),
    receipt_accepted_at=Now(),
    receipt_lease_until=None,
)


def receipts_due(now: datetime | Now) -> Q:
    """Return the filter for invoices whose receipt is to be submitted now."""
    return RECEIPT_PENDING & LEASE.lapsed_at(now)


def submit_receipts(invoice_ids: Sequence[int]) -> None:
    """Submit the receipts of these paid invoices that are due, one after the other.

    No call begins after SUBMIT_SECONDS; a later run submits the rest. After a lost answer the same
    document is submitted again, which SEQR allows. What SEQR has accepted is recorded at the end:
    if this process is killed before, those receipts are submitted again after their leases.
    """
    leased = _take_leases(invoice_ids)
    receipts = {receipt.invoice_id: receipt for receipt in receipts_of_payments(leased)}
    rows = rows_of_orders(receipt.invoice.order_id for receipt in receipts.values())
    accepted: dict[int, list[CallRecord]] = {}
    left: list[int] = []
    until = monotonic() + SUBMIT_SECONDS
    for invoice_id in leased:
        if monotonic() > until:
            left.append(invoice_id)
            continue
        try:
            receipt = receipts[invoice_id]
            calls = _submit(receipt, rows[receipt.invoice.order_id])
        except Exception:  # one bad receipt must not keep the others from being recorded
            logger.exception("invoice %s: the receipt was not submitted", invoice_id)
            continue
        if calls is not None:
            accepted[invoice_id] = calls
    if accepted:
        _record_acceptances(accepted)
    if left:
        _return_leases(left)


def _submit(receipt: Receipt, rows: Sequence[OrderRow]) -> list[CallRecord] | None:
    """Submit a receipt; return the calls if SEQR has accepted it, else record why not."""
    invoice = receipt.invoice
    assert invoice.ers_reference is not None
    calls: list[CallRecord] = []
    try:
        client = seqr_with(credentials_of(invoice.terminal)).with_listener(calls.append)
        client.submit_payment_receipt(invoice.ers_reference, _document(receipt, rows))
    except ValueError as error:  # the rows do not add up; a later attempt may find them corrected
        logger.error("invoice %s: no receipt can be made: %s", invoice.pk, error)
        _defer(invoice.pk, error, calls)
    except SeqrError as error:
        logger.warning("invoice %s: %s", invoice.pk, error)
        if _is_refusal(error):
            _record_refusal(invoice.pk, error, calls)
        else:
            _defer(invoice.pk, error, calls)
    else:
        return calls
    return None


def _document(receipt: Receipt, rows: Sequence[OrderRow]) -> ReceiptDocument:
    # As on the day: it is the same document whenever it is submitted.
    html = receipt_html(content_on_the_day(receipt, rows))
    return ReceiptDocument(
        mime_type=MIME_TYPE, receipt_data=html.encode(), receipt_type=RECEIPT_TYPE
    )


def _is_refusal(error: SeqrError) -> bool:
    return isinstance(error, SeqrRejected | SeqrConflict) and not isinstance(
        error, SeqrConfigurationError
    )


@transaction.atomic
def _take_leases(invoice_ids: Sequence[int]) -> list[int]:
    """Take the leases of due receipts; return their invoices' IDs.

    A row that somebody has locked is left to a later run, so no wait can become a deadlock. A lease
    outlasts a call. If this process is killed, another one submits after the lease.
    """
    ids = [pk for (pk,) in _DUE_UNLESS_BUSY.tuples(ids=list(invoice_ids))]
    if ids:
        _LEASED.execute(ids=ids, duration=_lease_duration())
    return ids


def _lease_duration() -> timedelta:
    return timedelta(seconds=SUBMIT_SECONDS) + call_lease_duration()


@transaction.atomic
def _return_leases(invoice_ids: Sequence[int]) -> None:
    """Make receipts due again that were not attempted; a lease of a locked row ends by itself."""
    free = lock_free_invoices(invoice_ids)
    _NOT_ATTEMPTED.execute(ids=[invoice.pk for invoice in free])


@transaction.atomic
def _defer(invoice_id: int, why: ValueError | SeqrError, calls: list[CallRecord]) -> None:
    invoice = lock_invoice(invoice_id)
    _record_calls(invoice, calls)
    if invoice.receipt_accepted_at is not None:
        return
    _defer_lease(invoice)
    record_event_once(invoice, EventName.RECEIPT_DEFERRED, SOURCE, detail=str(why))
    if isinstance(why, SeqrConfigurationError):
        open_configuration_case(invoice.terminal_id, why, SOURCE)


@transaction.atomic
def _record_refusal(invoice_id: int, error: SeqrError, calls: list[CallRecord]) -> None:
    invoice = lock_invoice(invoice_id)
    _record_calls(invoice, calls)
    if invoice.receipt_accepted_at is not None:
        return
    _defer_lease(invoice, receipt_refusals=invoice.receipt_refusals + 1)
    if invoice.receipt_refusals == MAX_RECEIPT_REFUSALS:
        record_event(
            invoice,
            EventName.RECEIPT_ABANDONED,
            SOURCE,
            detail=str(error),
            result_code=error.result_code,
        )
    else:
        record_event_once(invoice, EventName.RECEIPT_REFUSED, SOURCE, detail=str(error))


def _defer_lease(invoice: Invoice, **fields: int) -> None:
    pause = doubling_pause(invoice.receipt_attempts - 1, FIRST_PAUSE, LONGEST_PAUSE)
    save_fields(invoice, **LEASE.deferred(pause), **fields)


def _record_calls(invoice: Invoice, calls: list[CallRecord]) -> None:
    insert_events([call_event(call, invoice.order_id, SOURCE) for call in calls])


def _record_acceptances(calls: Mapping[int, list[CallRecord]]) -> None:
    """Record what SEQR has accepted, in one transaction, but for what is locked: it waits alone."""
    recorded = _record_those_of(_SUBMITTED_UNLESS_BUSY, calls)
    for invoice_id in calls.keys() - recorded:
        _record_those_of(_SUBMITTED, {invoice_id: calls[invoice_id]})


@transaction.atomic
def _record_those_of(query: CompiledQuery[Any], calls: Mapping[int, list[CallRecord]]) -> set[int]:
    """Record the acceptance of the invoices that this query locks; return their IDs."""
    invoices = query.fetch(ids=list(calls))
    events = [
        call_event(call, invoice.order_id, SOURCE)
        for invoice in invoices
        for call in calls[invoice.pk]
    ]
    new = [invoice for invoice in invoices if invoice.receipt_accepted_at is None]
    if new:
        _ACCEPTED.execute(ids=[invoice.pk for invoice in new])
        events += [new_event(invoice, EventName.RECEIPT_ACCEPTED, SOURCE) for invoice in new]
    insert_events(events)
    # A case is read before a wait for the locks; the next receipt closes a newer one.
    for terminal_id in {invoice.terminal_id for invoice in invoices if invoice.has_case}:
        close_configuration_cases(terminal_id, OPERATION, SOURCE)
    return {invoice.pk for invoice in invoices}
