"""The gateway to SEQR. It knows nothing of Django or of the shop.

client.py      one method per SOAP operation
config.py      where SEQR is and who we are there
messages.py    what is said and answered, as immutable values
reports.py     what SEQR's reports say
errors.py      what can go wrong, named by what the caller may do
results.py     SEQR's result codes and the error that each becomes
links.py       printed codes, invoice addresses, the way back into the app
operations.py  who asks for each operation, and which may be repeated
calls.py       one call, from the request's elements to a value or an error
envelopes.py   requests, rendered by zeep from the WSDL in wsdl/
transport.py   HTTP over libcurl, bounded in time and size
answers.py     reading XML that is not trusted
readers.py     what each operation's answer says
status.py      getPaymentStatus for very many invoices at a time
status_message.py  its envelope and its plain answers, written and read as fast as can be
"""

from payments.seqr.calls import CallMade
from payments.seqr.client import SeqrClient
from payments.seqr.config import SeqrConfig
from payments.seqr.errors import (
    SeqrAuthenticationError,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrRejected,
    SeqrReportNotReady,
    SeqrUnavailable,
    SeqrUnknownStatus,
)
from payments.seqr.links import LEAVE_URL, app_url, invoice_url, service_code_url
from payments.seqr.messages import (
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
from payments.seqr.reports import (
    CashierTransactionSummary,
    Report,
    ReportId,
    ReportMeta,
    SummaryRow,
    TransactionReport,
    TransactionRow,
)
from payments.seqr.results import ResultCode
from payments.seqr.status import StatusCalls, StatusReply

__all__ = [
    "LEAVE_URL",
    "AcknowledgmentMode",
    "Amount",
    "CallMade",
    "CashierTransactionSummary",
    "ClientSession",
    "CustomerToken",
    "CustomerTokenStatus",
    "Invoice",
    "InvoiceRow",
    "InvoiceStatus",
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
    "SeqrUnavailable",
    "SeqrUnknownStatus",
    "StatusCalls",
    "StatusReply",
    "SummaryRow",
    "TransactionReport",
    "TransactionRow",
    "app_url",
    "invoice_url",
    "service_code_url",
]
