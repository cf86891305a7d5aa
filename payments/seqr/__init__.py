"""The SOAP gateway to SEQR. It imports neither Django nor any other part of the shop.

Callers use SeqrClient (client.py, one method per operation) or, for thousands of getPaymentStatus
calls at a time, BulkStatusClient (bulk_status_client.py; status_codec.py is its fast path). Values
are in types.py and reports.py, settings in config.py, errors in errors.py, QR codes in links.py.
A call runs through soap_client.py: request_builder.py renders the envelope from wsdl/, transport.py
posts it, response_parser.py validates the XML, result_codes.py maps the code to an error, and a
reader in response_readers.py returns the value, with texts that bounded_text.py shortens if they
are too long to be stored. Certification needs the messages themselves: observed.py shows them, and
message_fields reads them. A report may be large: transport.py writes it to a file, and
report_reader.py reads it from there with xml_stream.py.

To add an operation: add its messages to wsdl/, a reader to response_readers.py, an entry to
operations.py and a method to client.py; in tests/payments/seqr/, add it to reference_schema.py and
sample_calls.py, which the tests of every operation use.
"""

from payments.seqr.bounded_text import is_shortened
from payments.seqr.bulk_status_client import BulkStatusClient, CompletedStatusCall
from payments.seqr.client import SeqrClient
from payments.seqr.config import Credentials, SeqrConfig
from payments.seqr.errors import (
    SeqrAuthenticationError,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrRejected,
    SeqrReportNotReady,
    SeqrReportTooLarge,
    SeqrUnavailable,
    SeqrUnknownStatus,
)
from payments.seqr.links import app_url, invoice_url, service_code_url
from payments.seqr.observed import MessageObserver, ObservedTransport, message_fields
from payments.seqr.reports import (
    MAX_REPORT_ROWS,
    CashierTransactionSummary,
    Report,
    ReportId,
    ReportMeta,
    SummaryRow,
    TransactionReport,
    TransactionRow,
)
from payments.seqr.result_codes import ResultCode, code_label
from payments.seqr.soap_client import CallRecord, Listener
from payments.seqr.types import (
    AcknowledgmentMode,
    Amount,
    ClientSession,
    CustomerToken,
    CustomerTokenStatus,
    Invoice,
    InvoiceRow,
    InvoiceStatus,
    PaymentMode,
    PaymentStatus,
    Receipt,
    ReceiptDocument,
    Refund,
    SentInvoice,
)

__all__ = [
    "MAX_REPORT_ROWS",
    "AcknowledgmentMode",
    "Amount",
    "BulkStatusClient",
    "CallRecord",
    "CashierTransactionSummary",
    "ClientSession",
    "CompletedStatusCall",
    "Credentials",
    "CustomerToken",
    "CustomerTokenStatus",
    "Invoice",
    "InvoiceRow",
    "InvoiceStatus",
    "Listener",
    "MessageObserver",
    "ObservedTransport",
    "PaymentMode",
    "PaymentStatus",
    "Receipt",
    "ReceiptDocument",
    "Refund",
    "Report",
    "ReportId",
    "ReportMeta",
    "ResultCode",
    "SentInvoice",
    "SeqrAuthenticationError",
    "SeqrClient",
    "SeqrConfig",
    "SeqrConfigurationError",
    "SeqrConflict",
    "SeqrError",
    "SeqrOutcomeUnknown",
    "SeqrProtocolError",
    "SeqrRejected",
    "SeqrReportNotReady",
    "SeqrReportTooLarge",
    "SeqrUnavailable",
    "SeqrUnknownStatus",
    "SummaryRow",
    "TransactionReport",
    "TransactionRow",
    "app_url",
    "code_label",
    "invoice_url",
    "is_shortened",
    "message_fields",
    "service_code_url",
]
