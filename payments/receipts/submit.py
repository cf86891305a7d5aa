"""submitPaymentReceipt: submits each receipt until SEQR accepts it.

No payment waits for its receipt. Refused settings open a case and do not pause payments, since a
shop may be allowed to sell but not to submit receipts. The pauses between attempts grow.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from orders.audit import ChangeSource, record_event, record_event_once
from orders.clock import database_now
from orders.models import EventName, SourceName
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.cases.cases import close_configuration_cases, open_configuration_case
from payments.invoices.transitions import lock_invoice
from payments.leases import Lease, doubling_pause
from payments.models import MAX_RECEIPT_REFUSALS, RECEIPT_PENDING, Invoice
from payments.receipts.document import receipt_html, receipt_of
from payments.seqr import (
    ReceiptDocument,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrRejected,
)

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.SUBMIT_RECEIPT)
LEASE = Lease("receipt_lease_until")
MIME_TYPE = "text/html"
RECEIPT_TYPE = "RECEIPT"  # required; the API reference lists no values
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)


def receipts_due(now: datetime) -> Q:
    """Return the filter for invoices whose receipt is to be submitted now."""
    return RECEIPT_PENDING & LEASE.lapsed_at(now)


def submit_receipt(invoice_id: int) -> None:
    """Submit the receipt of a paid invoice, if it is due; else do nothing.

    After a lost answer the same document is submitted again, which SEQR allows.
    """
    invoice = _take_lease(invoice_id)
    if invoice is None:
        return
    assert invoice.ers_reference is not None
    try:
        client = audited_client(invoice.terminal_id, invoice.order_id, SOURCE)
        client.submit_payment_receipt(invoice.ers_reference, _document(invoice))
    except ValueError as error:  # the rows do not add up; a later attempt may find them corrected
        logger.error("invoice %s: no receipt can be made: %s", invoice_id, error)
        _defer(invoice_id, error)
    except SeqrError as error:
        logger.warning("invoice %s: %s", invoice_id, error)
        if _is_refusal(error):
            _record_refusal(invoice_id, error)
        else:
            _defer(invoice_id, error)
    else:
        _record_acceptance(invoice_id)


def _document(invoice: Invoice) -> ReceiptDocument:
    html = receipt_html(receipt_of(invoice))
    return ReceiptDocument(
        mime_type=MIME_TYPE, receipt_data=html.encode(), receipt_type=RECEIPT_TYPE
    )


def _is_refusal(error: SeqrError) -> bool:
    return isinstance(error, SeqrRejected | SeqrConflict) and not isinstance(
        error, SeqrConfigurationError
    )


@transaction.atomic
def _take_lease(invoice_id: int) -> Invoice | None:
    """Take the lease of a due receipt; return None if it is not due.

    The lease outlasts the call. If this process is killed, another one submits after the lease.
    """
    invoice = lock_invoice(invoice_id)
    now = database_now()
    if not Invoice.objects.filter(receipts_due(now), pk=invoice_id).exists():
        return None
    attempts = invoice.receipt_attempts + 1
    save_fields(invoice, receipt_attempts=attempts, **LEASE.taken(now))
    return invoice


@transaction.atomic
def _defer(invoice_id: int, why: ValueError | SeqrError) -> None:
    invoice = lock_invoice(invoice_id)
    if invoice.receipt_accepted_at is not None:
        return
    _defer_lease(invoice)
    record_event_once(invoice, EventName.RECEIPT_DEFERRED, SOURCE, detail=str(why))
    if isinstance(why, SeqrConfigurationError):
        open_configuration_case(invoice.terminal_id, why, SOURCE)


@transaction.atomic
def _record_refusal(invoice_id: int, error: SeqrError) -> None:
    invoice = lock_invoice(invoice_id)
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


@transaction.atomic
def _record_acceptance(invoice_id: int) -> None:
    invoice = lock_invoice(invoice_id)
    if invoice.receipt_accepted_at is not None:
        return
    save_fields(invoice, receipt_accepted_at=database_now(), **LEASE.released())
    record_event(invoice, EventName.RECEIPT_ACCEPTED, SOURCE)
    close_configuration_cases(invoice.terminal_id, "submitPaymentReceipt", SOURCE)
