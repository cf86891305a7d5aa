"""SeqrClient: one method per SEQR operation.

A method raises the errors of `errors.py`, and ValueError for an argument that SEQR cannot accept.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from payments.seqr import operations
from payments.seqr.report_reader import temporary_file
from payments.seqr.reports import Report, ReportId
from payments.seqr.request_builder import (
    amount_elements,
    invoice_elements,
    parameter_elements,
    receipt_document_elements,
    token_elements,
)
from payments.seqr.soap_client import SoapClient
from payments.seqr.status_codec import status_request
from payments.seqr.types import (
    Amount,
    ClientSession,
    CustomerToken,
    Invoice,
    PaymentStatus,
    ReceiptDocument,
    Refund,
    SentInvoice,
)


class SeqrClient(SoapClient):
    """Calls SEQR's operations. Threads may share it; copies of one share its connections."""

    def get_client_session_info(self, token: str) -> ClientSession:
        """Return the customer who scanned the QR code and received `token`.

        An invalid or expired token raises SeqrRejected.
        Source: API reference 2.6.0, getClientSessionInfo.
        """
        return self._call(operations.GET_CLIENT_SESSION_INFO, key=token)

    def send_invoice(self, invoice: Invoice, tokens: tuple[CustomerToken, ...] = ()) -> SentInvoice:
        """Register `invoice` and return the reference that the customer pays.

        `tokens` are loyalty cards swiped in the shop, with the status USED. Each overrides the one
        that SEQR has stored for the customer.

        SEQR does not recognise a repeat. After SeqrOutcomeUnknown the caller may send the invoice
        again, as long as an order never shows more than one reference.
        Source: API reference 2.6.0, sendInvoice.
        """
        return self._call(
            operations.SEND_INVOICE,
            invoice=invoice_elements(invoice),
            tokens=token_elements(tokens),
        )

    def update_invoice(
        self, invoice_reference: str, invoice: Invoice, tokens: tuple[CustomerToken, ...] = ()
    ) -> None:
        """Replace an unpaid invoice with `invoice`. It is safe to repeat.

        The shop sends it for a loyalty card that came with PENDING_ISSUER_ACKNOWLEDGE: the amounts
        recalculated, and the card in `tokens` as USED, BLOCKED or INVALID. The customer may pay
        afterwards. Source: API reference 2.6.0, updateInvoice.
        """
        _require_text("invoice_reference", invoice_reference)
        self._call(
            operations.UPDATE_INVOICE,
            invoiceReference=invoice_reference,
            invoice=invoice_elements(invoice),
            tokens=token_elements(tokens),
        )

    def get_payment_status(self, invoice_reference: str, invoice_version: int) -> PaymentStatus:
        """Return the invoice's status. Receiving PAID accepts the payment.

        `invoice_version` is 0 the first time, then the last `version` received, which the call
        acknowledges. SEQR reverses a payment whose status nobody requests within 20 seconds.
        Raises SeqrUnknownStatus for an undocumented status.
        Source: API reference 2.6.0, getPaymentStatus.
        """
        _require_text("invoice_reference", invoice_reference)
        if not 0 <= invoice_version < 2**31:
            raise ValueError("invoice_version must be 0 or a version that SEQR sent.")
        request = status_request(self._config, self._credentials)
        return self._exchange(
            operations.GET_PAYMENT_STATUS,
            partial(request.encode, invoice_reference, invoice_version),
        )

    def cancel_invoice(self, invoice_reference: str) -> None:
        """Cancel an unpaid invoice.

        Raises SeqrConflict: 95 means that it is already cancelled, 50 that it is paid and 51 that a
        payment is in progress. Source: API reference 2.6.0, cancelInvoice.
        """
        _require_text("invoice_reference", invoice_reference)
        self._call(operations.CANCEL_INVOICE, invoiceReference=invoice_reference)

    def commit_reservation(self, invoice_reference: str, amount: Amount) -> None:
        """Capture `amount`, in major units, of a RESERVED invoice.

        Raises SeqrConflict (96) if nothing is reserved. After SeqrOutcomeUnknown the invoice's
        status shows whether it was captured. Source: API reference 2.6.0, commitReservation.
        """
        _require_text("invoice_reference", invoice_reference)
        self._call(
            operations.COMMIT_RESERVATION,
            amount=amount_elements(amount),
            invoiceReference=invoice_reference,
        )

    def submit_payment_receipt(self, ers_reference: str, receipt_document: ReceiptDocument) -> None:
        """Add the shop's own receipt to the payment `ers_reference`.

        It is safe to repeat: a payment may have several receipts.
        Source: API reference 2.6.0, submitPaymentReceipt.
        """
        _require_text("ers_reference", ers_reference)
        self._call(
            operations.SUBMIT_PAYMENT_RECEIPT,
            ersReference=ers_reference,
            receiptDocument=receipt_document_elements(receipt_document),
        )

    def refund_payment(self, ers_reference: str, invoice: Invoice) -> Refund:
        """Refund the total of `invoice`, above 0, from the payment `ers_reference`.

        SeqrOutcomeUnknown (no response, 1, 90 or 94) means that the money may be on its way. The
        caller must not send it again: reconciliation or a person resolves it. With result code 0
        SEQR did refund, but sent no reference. SeqrRejected (97, 98, 99 and others) and
        SeqrUnavailable mean that nothing was refunded.
        Source: API reference 2.6.0, refundPayment.
        """
        _require_text("ers_reference", ers_reference)
        if invoice.total_amount.value <= 0:
            raise ValueError("A refund must be above 0.")
        return self._call(
            operations.REFUND_PAYMENT,
            ersReference=ers_reference,
            invoice=invoice_elements(invoice),
        )

    def mark_transaction_period(self, terminal_id: str | None = None) -> str:
        """Close the current period of the whole shop, or of one terminal; return its id.

        The period's reports are ready after about 3 seconds. After SeqrOutcomeUnknown the period
        may be closed without its id having arrived; a repeat would close the next period.
        Source: API reference 2.6.0, markTransactionPeriod.
        """
        parameters = None
        if terminal_id is not None:
            _require_text("terminal_id", terminal_id)
            parameters = parameter_elements({"TERMINALID": terminal_id})
        return self._call(operations.MARK_TRANSACTION_PERIOD, parameters=parameters)

    def execute_report(
        self,
        report: ReportId,
        transaction_period_id: str,
        terminal_id: str | None = None,
        language: str = "en",
    ) -> AbstractContextManager[Report]:
        """Enter a context with a report of a closed period. A terminal's requires `terminal_id`.

        The rows of a TransactionReport are in a temporary file as long as the context. Raises
        SeqrReportNotReady until SEQR has made the report; try again after about 3 seconds. One
        unreadable amount raises SeqrProtocolError, because a report without that row would look as
        if a sale were missing. More than MAX_REPORT_ROWS rows raise SeqrReportTooLarge. Source: API
        reference 2.6.0, executeReport.
        """
        _require_text("transaction_period_id", transaction_period_id)
        parameters = {"transactionPeriodId": transaction_period_id}
        if report.requires_terminal_id or terminal_id is not None:
            parameters["TERMINALID"] = _require_text("terminal_id", terminal_id)
        config = self._config
        return self._downloaded_report(
            config.report_timeout_seconds if report.is_large else config.timeout_seconds,
            reportId=report.value,
            language=language,
            parameters=parameter_elements(parameters),
        )

    @contextmanager
    def _downloaded_report(self, timeout_seconds: float, **elements: Any) -> Iterator[Report]:
        with temporary_file() as content:
            yield self._download_report(content, timeout_seconds, **elements)

    def register_terminal(self, external_terminal_id: str, password: str, name: str) -> str:
        """Register a cash register with the reseller and return SEQR's id for it.

        `external_terminal_id` is the shop's own id, `password` the new terminal's, and `name` what
        customers see. On such a terminal each new invoice cancels the previous one. After
        SeqrOutcomeUnknown a terminal may exist whose id never arrived.
        Source: API reference 2.6.0, registerTerminal.
        """
        _require_text("external_terminal_id", external_terminal_id)
        _require_text("password", password)
        _require_text("name", name)
        return self._call(
            operations.REGISTER_TERMINAL,
            externalTerminalId=external_terminal_id,
            password=password,
            name=name,
        )

    def unregister_terminal(self) -> None:
        """Remove this client's own terminal.

        After SeqrOutcomeUnknown the caller may repeat it. SeqrAuthenticationError then most likely
        means that the terminal is gone. Source: API reference 2.6.0, unregisterTerminal.
        """
        self._call(operations.UNREGISTER_TERMINAL)

    def assign_seqr_id(self, seqr_id: str) -> None:
        """Assign to this client's terminal the id in its printed QR code. It is safe to repeat.

        Raises SeqrRejected (53) for an id that is not alphanumeric or belongs to another terminal.
        Source: API reference 2.6.0, assignSeqrId.
        """
        _require_text("seqr_id", seqr_id)
        self._call(operations.ASSIGN_SEQR_ID, seqrId=seqr_id)


def _require_text(name: str, text: str | None) -> str:
    if not text:
        raise ValueError(f"{name} must not be empty.")
    return text
