"""commitReservation: what is reserved for an invoice is taken, all of it, once a person says so.

SEQR does not say what a second commitReservation does. So a lease is committed before the call,
and given back only where SEQR has refused: until it ends, SEQR's status alone tells the rest.
"""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.cases.cases import close_configuration_cases, open_configuration_case
from payments.invoices.refresh import refresh_invoice
from payments.invoices.transitions import lock_invoice, paid_by_another
from payments.leases import Lease
from payments.models import Invoice, InvoiceStatus
from payments.seqr import Amount, SeqrConfigurationError, SeqrError, SeqrOutcomeUnknown

LEASE = Lease("capture_lease_until")


class CommitNotPossible(Exception):
    """The amount cannot be taken as things are. The text says why, to a person."""


def commit_reservation(invoice_id: int, amount: Decimal, source: ChangeSource) -> InvoiceStatus:
    """Take the amount, in major units, that is reserved for an invoice; return how it then stands.

    `amount` is the whole of the invoice, as the person saw it. SEQR is asked before and after: the
    invoice is still RESERVED where it does not say yet that it is paid. Raises CommitNotPossible,
    also where SEQR does not answer beforehand, and the gateway's errors: after SeqrOutcomeUnknown
    it may have been taken, which the invoice's status tells as soon as SEQR says it.
    """
    _ask_before(invoice_id, source)
    invoice = _take_lease(invoice_id, amount, source)
    assert invoice.invoice_reference is not None
    try:
        client = audited_client(invoice.order_id, source)
        client.commit_reservation(invoice.invoice_reference, Amount(amount, invoice.currency))
    except SeqrOutcomeUnknown as error:
        _note(invoice_id, EventName.CAPTURE_OUTCOME_UNKNOWN, source, str(error))
        if _status_now(invoice_id, source) != InvoiceStatus.PAID:
            raise
    except SeqrError as error:
        _not_done(invoice_id, source, error)
        if _status_now(invoice_id, source) != InvoiceStatus.PAID:
            raise
    else:
        _done(invoice_id, source)
    return _status_now(invoice_id, source)


def _ask_before(invoice_id: int, source: ChangeSource) -> None:
    try:
        refresh_invoice(invoice_id, source)
    except SeqrError as error:  # whatever became of the question, nothing has been taken
        raise CommitNotPossible(
            _("Not taken, since SEQR does not say whether it is still reserved (%(error)s).")
            % {"error": str(error).rstrip(".")}
        ) from error


def _status_now(invoice_id: int, source: ChangeSource) -> InvoiceStatus:
    """Ask SEQR; where it does not answer now, return what we know: the poller goes on asking."""
    try:
        return refresh_invoice(invoice_id, source)
    except SeqrError:
        return InvoiceStatus(Invoice.objects.get(pk=invoice_id).status)


@transaction.atomic
def _take_lease(invoice_id: int, amount: Decimal, source: ChangeSource) -> Invoice:
    invoice = lock_invoice(invoice_id)
    now = database_now()
    if invoice.status != InvoiceStatus.RESERVED:
        label = InvoiceStatus(invoice.status).label
        raise CommitNotPossible(_("Nothing is reserved: the invoice is now %s.") % label)
    if paid_by_another(invoice):
        raise CommitNotPossible(_("Another invoice has paid the order."))
    if amount != invoice.amount:
        raise CommitNotPossible(_("The amount has changed meanwhile; look at it again."))
    if not LEASE.has_lapsed(invoice, now):
        raise CommitNotPossible(
            _("It is being taken, or SEQR's answer was lost. Ask SEQR again in half a minute.")
        )
    save_fields(invoice, **LEASE.taken(now))
    record_event(invoice, EventName.CAPTURE_STARTED, source, detail=f"{amount} {invoice.currency}")
    return invoice


@transaction.atomic
def _not_done(invoice_id: int, source: ChangeSource, error: SeqrError) -> None:
    save_fields(lock_invoice(invoice_id), **LEASE.released())
    _note(invoice_id, EventName.CAPTURE_FAILED, source, str(error))
    if isinstance(error, SeqrConfigurationError):
        open_configuration_case(error, source)


@transaction.atomic
def _done(invoice_id: int, source: ChangeSource) -> None:
    """Write that it is taken. The lease stays: who has asked SEQR before may come only now."""
    _note(invoice_id, EventName.RESERVATION_CAPTURED, source)
    close_configuration_cases("commitReservation", source)


@transaction.atomic
def _note(invoice_id: int, event: EventName, source: ChangeSource, detail: str = "") -> None:
    record_event(lock_invoice(invoice_id), event, source, detail=detail)
