"""commitReservation: what is reserved for an invoice is taken, all of it, once a person says so.

SEQR does not say what a second commitReservation does. So a lease is committed before the call,
and given back only where SEQR has refused: until it ends, SEQR's status alone tells the rest.
"""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from orders.audit import Cause
from orders.clock import database_now
from payments.call_audit import seqr_for
from payments.cases.cases import configuration_works, tell_of_configuration
from payments.invoices.refresh import refresh_invoice
from payments.invoices.transitions import lock_invoice, paid_by_another, record, save_fields
from payments.models import Invoice, InvoiceStatus
from payments.seqr import Amount, SeqrConfigurationError, SeqrError, SeqrOutcomeUnknown


class CommitNotPossible(Exception):
    """The amount cannot be taken as things are. The text says why, to a person."""


def commit_reservation(invoice_id: int, amount: Decimal, cause: Cause) -> InvoiceStatus:
    """Take the amount, in major units, that is reserved for an invoice; return how it then stands.

    `amount` is the whole of the invoice, as the person saw it. SEQR is asked before and after: the
    invoice is still RESERVED where it does not say yet that it is paid. Raises CommitNotPossible,
    also where SEQR does not answer beforehand, and the gateway's errors: after SeqrOutcomeUnknown
    it may have been taken, which the invoice's status tells as soon as SEQR says it.
    """
    _ask_before(invoice_id, cause)
    invoice = _take_lease(invoice_id, amount, cause)
    assert invoice.invoice_reference is not None
    try:
        client = seqr_for(invoice.order_id, cause)
        client.commit_reservation(invoice.invoice_reference, Amount(amount, invoice.currency))
    except SeqrOutcomeUnknown as error:
        _note(invoice_id, "commit_outcome_unknown", cause, str(error))
        if _status_now(invoice_id, cause) != InvoiceStatus.PAID:
            raise
    except SeqrError as error:
        _not_done(invoice_id, cause, error)
        if _status_now(invoice_id, cause) != InvoiceStatus.PAID:
            raise
    else:
        _done(invoice_id, cause)
    return _status_now(invoice_id, cause)


def _ask_before(invoice_id: int, cause: Cause) -> None:
    try:
        refresh_invoice(invoice_id, cause)
    except SeqrError as error:  # whatever became of the question, nothing has been taken
        raise CommitNotPossible(
            _("Not taken, since SEQR does not say whether it is still reserved (%(error)s).")
            % {"error": str(error).rstrip(".")}
        ) from error


def _status_now(invoice_id: int, cause: Cause) -> InvoiceStatus:
    """Ask SEQR; where it does not answer now, return what we know: the poller goes on asking."""
    try:
        return refresh_invoice(invoice_id, cause)
    except SeqrError:
        return InvoiceStatus(Invoice.objects.get(pk=invoice_id).status)


@transaction.atomic
def _take_lease(invoice_id: int, amount: Decimal, cause: Cause) -> Invoice:
    invoice = lock_invoice(invoice_id)
    now = database_now()
    if invoice.status != InvoiceStatus.RESERVED:
        label = InvoiceStatus(invoice.status).label
        raise CommitNotPossible(_("Nothing is reserved: the invoice is now %s.") % label)
    if paid_by_another(invoice):
        raise CommitNotPossible(_("Another invoice has paid the order."))
    if amount != invoice.amount:
        raise CommitNotPossible(_("The amount has changed meanwhile; look at it again."))
    if invoice.commit_lease_until is not None and invoice.commit_lease_until > now:
        raise CommitNotPossible(
            _("It is being taken, or SEQR's answer was lost. Ask SEQR again in half a minute.")
        )
    lease_until = now + timedelta(seconds=2 * settings.SEQR_TIMEOUT_SECONDS + 5)
    save_fields(invoice, commit_lease_until=lease_until)
    record(invoice, "commit_started", cause, detail=f"{amount} {invoice.currency}")
    return invoice


@transaction.atomic
def _not_done(invoice_id: int, cause: Cause, error: SeqrError) -> None:
    save_fields(lock_invoice(invoice_id), commit_lease_until=None)
    _note(invoice_id, "commit_not_done", cause, str(error))
    if isinstance(error, SeqrConfigurationError):
        tell_of_configuration(error, cause)


@transaction.atomic
def _done(invoice_id: int, cause: Cause) -> None:
    """Write that it is taken. The lease stays: who has asked SEQR before may come only now."""
    _note(invoice_id, "reservation_committed", cause)
    configuration_works("commitReservation", cause)


@transaction.atomic
def _note(invoice_id: int, event: str, cause: Cause, detail: str = "") -> None:
    record(lock_invoice(invoice_id), event, cause, detail=detail)
