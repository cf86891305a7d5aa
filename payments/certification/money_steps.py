"""The steps about payments: submitPaymentReceipt, refundPayment, and the period with its report.

A refund and a period are never sent twice: that each is being sent is stored before the call.
"""

from payments.certification.invoice_steps import PAYMENT
from payments.certification.problem import StepFailed
from payments.certification.progress import Sending, SentInvoice
from payments.certification.session import Session
from payments.models import CERTIFICATION_CASHIER_ID
from payments.seqr import (
    ReceiptDocument,
    ReportId,
    SeqrConflict,
    SeqrError,
    SeqrRejected,
    SeqrReportNotReady,
    SeqrUnavailable,
    TransactionReport,
)

REPORT_PAUSE_SECONDS = 3
REPORT_ATTEMPTS = 20
NOTHING_HAPPENED = (SeqrUnavailable, SeqrRejected, SeqrConflict)
"""After these the call has had no effect, and may be sent again."""


class OutcomeUnknown(Exception):
    """SEQR may have refunded, or closed the period. The message says what a person has to do."""


def submit_receipt(session: Session) -> None:
    """Submit an HTML receipt of the payment. It may be sent again."""
    payment = (session.progress.payments() or [session.pay(PAYMENT)])[0]
    plan = session.progress.plan
    html = (
        f"<!doctype html><title>Receipt</title><h1>Certification, no sale</h1>"
        f"<p>{payment.client_invoice_id}: {plan.amount} {plan.currency}</p>"
    )
    document = ReceiptDocument("text/html", html.encode(), "RECEIPT")
    session.client.submit_payment_receipt(payment.ers_reference, document)


def refund(session: Session) -> None:
    """Refund every payment that has not been; have another one made where none was refunded.

    So after an unknown outcome another payment is refunded, and never the same one.
    """
    payments = session.progress.payments()
    if not any(each.refund in (Sending.NOT_SENT, Sending.DONE) for each in payments):
        session.pay(PAYMENT)
    _refund_payments(session)


def _refund_payments(session: Session) -> None:
    for payment in session.progress.refundable():
        _refund(session, payment)


def _refund(session: Session, payment: SentInvoice) -> None:
    payment.refund = Sending.SENDING
    session.save()
    number = f"{payment.client_invoice_id}-R"
    try:
        answer = session.client.refund_payment(
            payment.ers_reference, session.content(number, "refund")
        )
    except NOTHING_HAPPENED:
        payment.refund = Sending.NOT_SENT
        session.save()
        raise
    except SeqrError as error:
        payment.refund = Sending.UNKNOWN
        session.save()
        raise OutcomeUnknown(
            f"{error} The refund of {payment.ers_reference} is not sent again: ask SEQR whether it "
            "was made."
        ) from None
    payment.refund, payment.refund_reference = Sending.DONE, answer.ers_reference
    session.save()


def close_period(session: Session) -> None:
    """Close the terminal's period, unless an interrupted run has done so.

    It has a payment that no earlier period may have.
    """
    progress = session.progress
    if progress.period == Sending.DONE:
        return
    if all(payment.period_id for payment in progress.payments()):
        session.pay(PAYMENT)
    _refund_payments(session)
    session.refuse_live_terminal()
    progress.period = Sending.SENDING
    session.save()
    try:
        period_id = session.client.mark_transaction_period(session.terminal.principal_id)
    except NOTHING_HAPPENED:
        progress.period = Sending.NOT_SENT
        session.save()
        raise
    except SeqrError as error:
        progress.record_period(Sending.UNKNOWN, "")
        session.save()
        raise OutcomeUnknown(
            f"{error} SEQR may have closed the period, under an ID that has not arrived."
        ) from None
    progress.record_period(Sending.DONE, period_id)
    session.save()


def fetch_report(session: Session) -> None:
    """Fetch the period's report, as soon as SEQR has made it, and look for the payments in it.

    Close another period first if an earlier report lacked them.
    """
    close_period(session)
    for _ in range(REPORT_ATTEMPTS):
        session.pauses.sleep(REPORT_PAUSE_SECONDS)
        try:
            _check_report(session)
        except SeqrReportNotReady:
            continue
        return
    seconds = REPORT_ATTEMPTS * REPORT_PAUSE_SECONDS
    raise StepFailed(f"SEQR has not made the report within {seconds} seconds.")


def _check_report(session: Session) -> None:
    progress = session.progress
    period_id = progress.transaction_period_id
    expected = {
        payment.ers_reference: progress.plan.invoice_amount.value
        for payment in progress.payments()
        if payment.period_id == period_id
    }
    with session.client.execute_report(
        ReportId.TERMINAL_TRANSACTIONS, period_id, session.terminal.principal_id
    ) as report:
        if not isinstance(report, TransactionReport):
            raise StepFailed("SEQR sent a summary instead of the transactions.")
        shown = {"rows": str(report.row_count)}
        for row in report.rows:
            if row.cashier_id == CERTIFICATION_CASHIER_ID:
                shown[f"row {row.ers_reference}"] = str(row.sales_amount)
            if expected.get(row.ers_reference or "") == row.sales_amount:
                expected.pop(row.ers_reference or "")
    progress.attempts[-1].calls[-1].answer.update(shown)
    session.screen.report_read(shown)
    if expected:
        progress.period = Sending.NOT_SENT
        raise StepFailed(
            f"The report lacks the payment {', '.join(sorted(expected))}: something else has "
            "closed the terminal's period after it, such as the shop's own reconciliation."
        )
