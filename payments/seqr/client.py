"""The gateway to SEQR: one method per operation.

Every method raises only errors of `errors.py`, and ValueError for an argument that no request can
be made of.
"""

from copy import copy
from typing import Self

from payments.seqr import operations
from payments.seqr.config import SeqrConfig
from payments.seqr.reports import Report, ReportId
from payments.seqr.request_builder import (
    amount_elements,
    invoice_elements,
    parameter_elements,
    receipt_document_elements,
    token_elements,
)
from payments.seqr.soap_client import Caller, Listener
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


class SeqrClient:
    """Speaks to SEQR as one terminal and its reseller.

    Build one per process; any number of threads may share it.
    """

    def __init__(self, config: SeqrConfig) -> None:
        self._use(Caller(config))

    def _use(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.call

    def with_listener(self, listener: Listener) -> Self:
        """Return a client over the same connections that tells `listener` of each call it made.

        It costs next to nothing. `listener` must not raise.
        """
        heard = copy(self)
        heard._use(self._caller.with_listener(listener))
        return heard

    def get_client_session_info(self, token: str) -> ClientSession:
        """Return who scanned the code and got `token` for it.

        An invalid or expired token raises SeqrRejected.
        Source: API reference 2.6.0, getClientSessionInfo.
        """
        return self._call(operations.GET_CLIENT_SESSION_INFO, key=token)

    def send_invoice(self, invoice: Invoice, tokens: tuple[CustomerToken, ...] = ()) -> SentInvoice:
        """Register `invoice` and return the reference under which the customer pays it.

        `tokens` are loyalty cards that were swiped at the shop, with the status USED; each
        overrides the one that SEQR has of the customer.

        SEQR does not recognise a repeat. After SeqrOutcomeUnknown it may be sent again as long as
        one reference at most is ever shown for an order.
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
        """Put `invoice` in the place of one that is not paid.

        This is the answer to a loyalty card that came with PENDING_ISSUER_ACKNOWLEDGE: the sums
        recalculated, and the card in `tokens` as USED, BLOCKED or INVALID. Then the customer may
        pay. It may be sent again. Source: API reference 2.6.0, updateInvoice.
        """
        _required("invoice_reference", invoice_reference)
        self._call(
            operations.UPDATE_INVOICE,
            invoiceReference=invoice_reference,
            invoice=invoice_elements(invoice),
            tokens=token_elements(tokens),
        )

    def get_payment_status(self, invoice_reference: str, invoice_version: int) -> PaymentStatus:
        """Ask where the invoice stands. An answer of PAID accepts the payment.

        `invoice_version` is 0 the first time, then the latest `version` received, which it
        acknowledges. SEQR reverses a payment whose status nobody asks for within 20 seconds.
        Raises SeqrUnknownStatus for a status that has no name here.
        Source: API reference 2.6.0, getPaymentStatus.
        """
        _required("invoice_reference", invoice_reference)
        if not 0 <= invoice_version < 2**31:
            raise ValueError("invoice_version must be 0 or a version that SEQR sent.")
        return self._call(
            operations.GET_PAYMENT_STATUS,
            invoiceReference=invoice_reference,
            invoiceVersion=invoice_version,
        )

    def cancel_invoice(self, invoice_reference: str) -> None:
        """Cancel an invoice that nobody has paid.

        Raises SeqrConflict with its `result_code`: 95 already cancelled, so done; 50 paid and 51 in
        progress, so ask for its status. Source: API reference 2.6.0, cancelInvoice.
        """
        _required("invoice_reference", invoice_reference)
        self._call(operations.CANCEL_INVOICE, invoiceReference=invoice_reference)

    def commit_reservation(self, invoice_reference: str, amount: Amount) -> None:
        """Take `amount`, in major units, of what is RESERVED for the invoice.

        Raises SeqrConflict (96) if nothing is reserved. After SeqrOutcomeUnknown, the invoice's
        status tells whether it was taken. Source: API reference 2.6.0, commitReservation.
        """
        _required("invoice_reference", invoice_reference)
        self._call(
            operations.COMMIT_RESERVATION,
            amount=amount_elements(amount),
            invoiceReference=invoice_reference,
        )

    def submit_payment_receipt(self, ers_reference: str, receipt_document: ReceiptDocument) -> None:
        """Add the shop's own receipt to the payment `ers_reference`.

        It may be sent again: a payment can have several.
        Source: API reference 2.6.0, submitPaymentReceipt.
        """
        _required("ers_reference", ers_reference)
        self._call(
            operations.SUBMIT_PAYMENT_RECEIPT,
            ersReference=ers_reference,
            receiptDocument=receipt_document_elements(receipt_document),
        )

    def refund_payment(self, ers_reference: str, invoice: Invoice) -> Refund:
        """Give back the total of `invoice`, above 0, of the payment `ers_reference`.

        SeqrOutcomeUnknown means that the money may be on its way: a lost answer, 1, 90, 94. It
        must never be sent again then, but settled by reconciliation or by a person. If it carries
        the result code 0, SEQR did refund and did not say under which reference.
        SeqrRejected (97, 98, 99 and others) and SeqrUnavailable mean that nothing was refunded.
        Source: API reference 2.6.0, refundPayment.
        """
        _required("ers_reference", ers_reference)
        if invoice.total_amount.value <= 0:
            raise ValueError("A refund must be above 0.")
        return self._call(
            operations.REFUND_PAYMENT,
            ersReference=ers_reference,
            invoice=invoice_elements(invoice),
        )

    def mark_transaction_period(self, terminal_id: str | None = None) -> str:
        """End the current period of the whole shop, or of one terminal, and return its id.

        The period's reports are ready some 3 seconds later. After SeqrOutcomeUnknown the period
        may be closed under an id that never reached us: sending it again would close the next one.
        Source: API reference 2.6.0, markTransactionPeriod.
        """
        parameters = None
        if terminal_id is not None:
            parameters = parameter_elements({"TERMINALID": _required("terminal_id", terminal_id)})
        return self._call(operations.MARK_TRANSACTION_PERIOD, parameters=parameters)

    def execute_report(
        self,
        report: ReportId,
        transaction_period_id: str,
        terminal_id: str | None = None,
        language: str = "en",
    ) -> Report:
        """Return a report of a period that has ended.

        The report of one terminal needs its `terminal_id`. Raises SeqrReportNotReady until SEQR
        has made the report: ask again after some 3 seconds. A report in which one amount cannot be
        read is a SeqrProtocolError as a whole, for a row left out would look like a missing sale.
        Source: API reference 2.6.0, executeReport.
        """
        _required("transaction_period_id", transaction_period_id)
        parameters = {"transactionPeriodId": transaction_period_id}
        if report.is_of_one_terminal or terminal_id is not None:
            parameters["TERMINALID"] = _required("terminal_id", terminal_id)
        return self._call(
            operations.EXECUTE_REPORT,
            reportId=report.value,
            language=language,
            parameters=parameter_elements(parameters),
        )

    def register_terminal(self, external_terminal_id: str, password: str, name: str) -> str:
        """Make a cash register of the reseller's and return the id that SEQR gives it.

        `external_terminal_id` is the shop's own name of it, `password` the one that it will speak
        to SEQR with, `name` what customers see. Each new invoice of such a terminal cancels the
        one before. After SeqrOutcomeUnknown there may be a terminal whose id never reached us.
        Source: API reference 2.6.0, registerTerminal.
        """
        _required("external_terminal_id", external_terminal_id)
        _required("password", password)
        _required("name", name)
        return self._call(
            operations.REGISTER_TERMINAL,
            externalTerminalId=external_terminal_id,
            password=password,
            name=name,
        )

    def unregister_terminal(self) -> None:
        """Remove the terminal that this client speaks as.

        After SeqrOutcomeUnknown it may be sent again; SeqrAuthenticationError then most likely
        means that it is gone. Source: API reference 2.6.0, unregisterTerminal.
        """
        self._call(operations.UNREGISTER_TERMINAL)

    def assign_seqr_id(self, seqr_id: str) -> None:
        """Give this client's terminal the id that its printed code carries.

        Raises SeqrRejected (53) for an id that is not alphanumeric or that another terminal has.
        It may be sent again. Source: API reference 2.6.0, assignSeqrId.
        """
        _required("seqr_id", seqr_id)
        self._call(operations.ASSIGN_SEQR_ID, seqrId=seqr_id)


def _required(name: str, text: str | None) -> str:
    if not text:
        raise ValueError(f"{name} must not be empty.")
    return text
