"""submitPaymentReceipt: submits each receipt until SEQR accepts it.

No payment waits for its receipt. Refused settings open a case and do not pause payments, since a
shop may be allowed to sell but not to submit receipts. The pauses between attempts grow.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, DurationField, Exists, F, Q
from django.db.models.functions import Now

from orders.audit import ChangeSource, insert_events, new_event, record_event, record_event_once
from orders.clock import SAVED_NOW
from orders.compiled_query import CompiledQuery, CompiledUpdate, Parameter
from orders.models import EventName, SourceName
from orders.state_machine import save_fields
from payments.call_audit import call_event
from payments.cases.cases import (
    close_configuration_cases,
    open_configuration_case,
    open_configuration_cases,
)
from payments.gateway import credentials_of, seqr_with
from payments.invoices.transitions import lock_invoice, locked_invoices
from payments.leases import Lease, call_lease_duration, doubling_pause
from payments.models import MAX_RECEIPT_REFUSALS, RECEIPT_PENDING, Invoice, Receipt
from payments.receipts.document import content_of, receipt_html, receipt_of_payment
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

_SUBMITTED = CompiledQuery(
    lambda: (
        locked_invoices()
        .annotate(has_case=Exists(open_configuration_cases("terminal", OPERATION)))
        .filter(pk=Parameter("id", BigIntegerField()))
    )
)
_LEASED_IF_DUE = CompiledUpdate(
    lambda: Invoice.objects.filter(receipts_due(Now()), pk=Parameter("id", BigIntegerField())),
    receipt_attempts=F("receipt_attempts") + 1,
    receipt_lease_until=Now() + Parameter("duration", DurationField()),
)


def receipts_due(now: datetime | Now) -> Q:
    """Return the filter for invoices whose receipt is to be submitted now."""
    return RECEIPT_PENDING & LEASE.lapsed_at(now)


def submit_receipt(invoice_id: int) -> None:
    """Submit the receipt of a paid invoice, if it is due; else do nothing.

    After a lost answer the same document is submitted again, which SEQR allows.
    """
    if not _take_lease(invoice_id):
        return
    receipt = receipt_of_payment(invoice_id)
    invoice = receipt.invoice
    assert invoice.ers_reference is not None
    calls: list[CallRecord] = []
    try:
        client = seqr_with(credentials_of(invoice.terminal)).with_listener(calls.append)
        client.submit_payment_receipt(invoice.ers_reference, _document(receipt))
    except ValueError as error:  # the rows do not add up; a later attempt may find them corrected
        logger.error("invoice %s: no receipt can be made: %s", invoice_id, error)
        _defer(invoice_id, error, calls)
    except SeqrError as error:
        logger.warning("invoice %s: %s", invoice_id, error)
        if _is_refusal(error):
            _record_refusal(invoice_id, error, calls)
        else:
            _defer(invoice_id, error, calls)
    else:
        _record_acceptance(invoice_id, calls)


def _document(receipt: Receipt) -> ReceiptDocument:
    # As on the day: it is the same document whenever it is submitted.
    html = receipt_html(content_of(receipt, with_credits=False))
    return ReceiptDocument(
        mime_type=MIME_TYPE, receipt_data=html.encode(), receipt_type=RECEIPT_TYPE
    )


def _is_refusal(error: SeqrError) -> bool:
    return isinstance(error, SeqrRejected | SeqrConflict) and not isinstance(
        error, SeqrConfigurationError
    )


def _take_lease(invoice_id: int) -> bool:
    """Take the lease of a due receipt; return whether it was due.

    The lease outlasts the call. If this process is killed, another one submits after the lease.
    """
    return bool(_LEASED_IF_DUE.execute(id=invoice_id, duration=call_lease_duration()))


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


@transaction.atomic
def _record_acceptance(invoice_id: int, calls: list[CallRecord]) -> None:
    invoice = _SUBMITTED.get(id=invoice_id)
    events = [call_event(call, invoice.order_id, SOURCE) for call in calls]
    if invoice.receipt_accepted_at is None:
        save_fields(invoice, receipt_accepted_at=SAVED_NOW, **LEASE.released())
        events.append(new_event(invoice, EventName.RECEIPT_ACCEPTED, SOURCE))
    insert_events(events)
    if invoice.has_case:  # read before a wait for the locks; the next receipt closes a newer one
        close_configuration_cases(invoice.terminal_id, OPERATION, SOURCE)
