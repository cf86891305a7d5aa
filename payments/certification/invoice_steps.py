"""The steps about invoices: sendInvoice, getPaymentStatus, cancelInvoice, and the payment."""

from payments.certification.problem import StepFailed
from payments.certification.progress import SentInvoice
from payments.certification.session import POLL_SECONDS, Session
from payments.seqr import InvoiceStatus

SCANNED = "scanned"
SECOND = "sent after the scan"
PAYMENT = "paid"
CANCELLED = "cancelled"
WAIT_SECONDS = 30
OPEN = (InvoiceStatus.ISSUED, InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE)
REQUIRED_FIELDS = (
    "context.clientRequestTimeout",
    "invoice.invoiceRows.invoiceRow.itemQuantity",
    "invoice.invoiceRows.invoiceRow.itemTotalAmount.value",
)


def send_invoice(session: Session) -> None:
    """Send an invoice, and check that the message has what certification requires."""
    session.send_invoice(SCANNED)
    plan = session.progress.plan
    request = session.progress.attempts[-1].calls[-1].request
    for path in REQUIRED_FIELDS:
        if not request.get(path):
            raise StepFailed(f"The request has no {path}.")
    for path, expected in (("clientId", plan.company), ("clientReference", plan.system)):
        if request.get(f"context.{path}") != expected:
            raise StepFailed(f"The request's {path} is not {expected}.")


def query_before_scan(session: Session) -> None:
    """Query the status of the invoice that nobody has scanned yet."""
    session.require_status(_invoice_to_scan(session), InvoiceStatus.ISSUED)


def query_after_scan(session: Session) -> None:
    """Have the invoice scanned, and query its status each second until it is."""
    invoice = _invoice_to_scan(session)
    session.customer.scan(invoice.invoice_reference)
    with session.screen.waiting_for_person():
        _poll_until_scanned(session, invoice)
    session.require_status(invoice, *OPEN)


def _poll_until_scanned(session: Session, invoice: SentInvoice) -> None:
    for _ in range(session.scan_seconds):
        if session.customer.has_scanned(POLL_SECONDS):
            return
        session.require_status(invoice, *OPEN)
    raise StepFailed(f"Nobody scanned the invoice within {session.scan_seconds} seconds.")


def query_after_wait(session: Session) -> None:
    """Send another invoice, wait, and query the first one; then cancel both."""
    first = _invoice_to_scan(session)
    second = session.send_invoice(SECOND)
    for seconds_left in range(WAIT_SECONDS, 0, -1):
        session.screen.countdown(seconds_left)
        session.pauses.sleep(1)
    session.screen.countdown(0)
    status = session.query(first).status
    if status == InvoiceStatus.CANCELED:
        raise StepFailed(
            "The second invoice has cancelled the first one: the terminal is a cash register. A "
            "shop needs a terminal that SEQR has made for it."
        )
    if status not in OPEN:
        raise StepFailed(f"The first invoice's status is {status}, and ISSUED is expected.")
    session.require_status(second, InvoiceStatus.ISSUED)
    session.cancel_open_invoices()


def have_paid(session: Session) -> None:
    """Have an invoice paid."""
    session.pay(PAYMENT)


def cancel(session: Session) -> None:
    """Send an invoice, query its status, cancel it, and see that it is cancelled."""
    invoice = session.send_invoice(CANCELLED)
    session.require_status(invoice, InvoiceStatus.ISSUED)
    session.cancel(invoice)
    session.require_status(invoice, InvoiceStatus.CANCELED)


def _invoice_to_scan(session: Session) -> SentInvoice:
    """Return this run's invoice to scan; send one if it has none that is open."""
    for invoice in session.progress.invoices[session.earlier_invoices :]:
        if invoice.purpose == SCANNED and invoice.is_open:
            return invoice
    return session.send_invoice(SCANNED)
